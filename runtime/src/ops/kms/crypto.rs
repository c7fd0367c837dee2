//! Encrypt, Decrypt, ReEncrypt, GenerateDataKey, GenerateDataKeyWithoutPlaintext and GenerateRandom.

use std::sync::Arc;

use keywheel_domain::api::ApiError;
use keywheel_domain::api::kms::{
    DataKeySize, DecryptRequest, DecryptResponse, EncryptRequest, EncryptResponse, GenerateDataKeyRequest,
    GenerateDataKeyResponse, GenerateDataKeyWithoutPlaintextRequest, GenerateDataKeyWithoutPlaintextResponse,
    GenerateRandomRequest, GenerateRandomResponse, KmsErrorCode, ReEncryptRequest, ReEncryptResponse,
    kms_error,
};
use keywheel_domain::kms::{Ciphertext, EncryptionContext, key_arn};
use keywheel_domain::sensitive::Sensitive;

use super::Audience;
use super::records::check_usable;
use crate::entropy;
use crate::ops::access::Access;
use crate::ops::{Caller, Operations};
use crate::vault::KmsKeyInUse;

/// What a ciphertext held, and what opened it.
struct Decrypted {
    key: Arc<KmsKeyInUse>,
    material_id: String,
    plain: Sensitive<Vec<u8>>,
}

impl Operations {
    /// Encrypts.
    pub(super) async fn kms_encrypt(
        &self,
        caller: &Caller,
        request: EncryptRequest,
    ) -> Result<EncryptResponse, ApiError> {
        let key = self.encrypting_key(caller, use_of("Encrypt", &request.context), &request.key_id).await?;
        check_dry_run(request.dry_run)?;
        let ciphertext = self.encrypt_with(&key, &request.context, request.plaintext.expose())?;
        Ok(EncryptResponse::new(key.arn().to_owned(), ciphertext))
    }

    /// Decrypts.
    pub(super) async fn kms_decrypt(
        &self,
        caller: &Caller,
        request: DecryptRequest,
    ) -> Result<DecryptResponse, ApiError> {
        let DecryptRequest { ciphertext, context, key_id, dry_run } = request;
        let opened = self.decrypt_as(caller, "Decrypt", (&ciphertext, &context), key_id.as_deref()).await?;
        check_dry_run(dry_run)?;
        Ok(DecryptResponse::new(opened.key.arn().to_owned(), opened.plain, opened.material_id))
    }

    /// Decrypts, and encrypts again: the plain text stays here.
    pub(super) async fn kms_re_encrypt(
        &self,
        caller: &Caller,
        request: ReEncryptRequest,
    ) -> Result<ReEncryptResponse, ApiError> {
        let from = (request.ciphertext.as_slice(), &request.source_context);
        let source = request.source_key_id.as_deref();
        let opened = self.decrypt_as(caller, "ReEncryptFrom", from, source).await?;
        let key = self
            .encrypting_key(
                caller,
                use_of("ReEncryptTo", &request.destination_context),
                &request.destination_key_id,
            )
            .await?;
        check_dry_run(request.dry_run)?;
        let ciphertext = self.encrypt_with(&key, &request.destination_context, opened.plain.expose())?;
        Ok(ReEncryptResponse::new(
            (opened.key.arn().to_owned(), opened.material_id),
            (key.arn().to_owned(), key.record.current().id.clone()),
            ciphertext,
        ))
    }

    /// Makes a data key.
    pub(super) async fn generate_data_key(
        &self,
        caller: &Caller,
        request: GenerateDataKeyRequest,
    ) -> Result<GenerateDataKeyResponse, ApiError> {
        self.data_key(caller, "GenerateDataKey", request).await
    }

    /// Makes a data key, and keeps its plain text back.
    pub(super) async fn generate_data_key_without_plaintext(
        &self,
        caller: &Caller,
        request: GenerateDataKeyWithoutPlaintextRequest,
    ) -> Result<GenerateDataKeyWithoutPlaintextResponse, ApiError> {
        let made = self.data_key(caller, "GenerateDataKeyWithoutPlaintext", request.0).await?;
        let GenerateDataKeyResponse { ciphertext_blob, key_id, key_material_id, .. } = made;
        Ok(GenerateDataKeyWithoutPlaintextResponse { ciphertext_blob, key_id, key_material_id })
    }

    /// Makes random bytes.
    pub(super) async fn generate_random(
        &self,
        caller: &Caller,
        request: GenerateRandomRequest,
    ) -> Result<GenerateRandomResponse, ApiError> {
        self.authorize(caller, "kms:GenerateRandom", None)?;
        Ok(GenerateRandomResponse { plaintext: self.random(request.size) })
    }

    async fn data_key(
        &self,
        caller: &Caller,
        action: &str,
        request: GenerateDataKeyRequest,
    ) -> Result<GenerateDataKeyResponse, ApiError> {
        let key = self.encrypting_key(caller, use_of(action, &request.context), &request.key_id).await?;
        check_dry_run(request.dry_run)?;
        let plaintext = self.random(request.size);
        let ciphertext_blob = self.encrypt_with(&key, &request.context, plaintext.expose())?;
        let key_material_id = key.record.current().id.clone();
        Ok(GenerateDataKeyResponse {
            ciphertext_blob,
            plaintext,
            key_id: key.arn().to_owned(),
            key_material_id,
        })
    }

    fn random(&self, size: DataKeySize) -> Sensitive<Vec<u8>> {
        let mut bytes = Sensitive::new(vec![0; size.0]);
        self.entropy.fill(bytes.expose_mut());
        bytes
    }

    async fn encrypting_key(
        &self,
        caller: &Caller,
        access: Access<'_>,
        key_id: &str,
    ) -> Result<Arc<KmsKeyInUse>, ApiError> {
        let key = self.kms_key_as(caller, access, key_id, Audience::Customers).await?;
        check_usable(&key)?;
        Ok(key)
    }

    fn encrypt_with(
        &self,
        key: &KmsKeyInUse,
        context: &EncryptionContext,
        plain: &[u8],
    ) -> Result<Vec<u8>, ApiError> {
        let nonce = entropy::bytes(&*self.entropy);
        key.encrypt(context, &nonce, plain).map_err(|error| {
            tracing::error!(%error, key_arn = key.arn(), "a key did not encrypt what a request may hold");
            ApiError::internal()
        })
    }

    /// The key is found by the ciphertext; one that is named must be the same. By its id alone that is no more than the
    /// ciphertext says.
    async fn decrypt_as(
        &self,
        caller: &Caller,
        action: &str,
        (ciphertext, context): (&[u8], &EncryptionContext),
        named: Option<&str>,
    ) -> Result<Decrypted, ApiError> {
        let invalid = || kms_error(KmsErrorCode::InvalidCiphertext, "");
        let parsed = Ciphertext::parse(ciphertext);
        let own_id = parsed.as_ref().map(|parsed| parsed.key_id.to_string()).unwrap_or_default();
        let named = match named.filter(|key_id| *key_id != own_id) {
            Some(key_id) => {
                let access = use_of(action, context);
                Some(self.kms_key_as(caller, access, key_id, Audience::Customers).await?)
            }
            None => None,
        };
        let parsed = parsed.map_err(|_| invalid())?;
        let key = match named {
            Some(key) if key.record.id == own_id => key,
            Some(_) => {
                return Err(kms_error(
                    KmsErrorCode::IncorrectKey,
                    "The key ID in the request does not identify a CMK that can perform this operation.",
                ));
            }
            None => self.key_of_ciphertext(caller, use_of(action, context), &own_id).await?,
        };
        check_usable(&key)?;
        let plain = key.decrypt(context, &parsed).map_err(|_| invalid())?;
        let material_id = key.material_id(&parsed).ok_or_else(invalid)?.to_owned();
        Ok(Decrypted { key, material_id, plain })
    }

    /// The key with the id that a ciphertext has. Whose it is, is told to nobody whom it does not let use it.
    async fn key_of_ciphertext(
        &self,
        caller: &Caller,
        access: Access<'_>,
        id: &str,
    ) -> Result<Arc<KmsKeyInUse>, ApiError> {
        let scope = caller.scope();
        let own = key_arn(&scope, id);
        // Other accounts are looked through only when the caller's own has no such key.
        let others = match self.find_kms_key(&own).await? {
            Some(_) => None,
            None => self.kms_key_in_region(&scope.region, id).await?,
        };
        if let Some(arn) = others
            && let Ok(key) = self.kms_key_as(caller, access.clone(), &arn, Audience::Customers).await
        {
            return Ok(key);
        }
        self.kms_key_as(caller, access, &own, Audience::Customers).await
    }
}

/// An action with a key, and what the request says of it.
fn use_of<'a>(action: &str, context: &'a EncryptionContext) -> Access<'a> {
    Access::new(format!("kms:{action}"), None)
        .with("kms:encryptionalgorithm", Some("SYMMETRIC_DEFAULT"))
        .with_encryption_context(context.pairs())
}

fn check_dry_run(dry_run: bool) -> Result<(), ApiError> {
    if dry_run {
        let told = "The request would have succeeded, but the DryRun option is set.";
        return Err(kms_error(KmsErrorCode::DryRun, told));
    }
    Ok(())
}
