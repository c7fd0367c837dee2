//! What users, roles and accounts of AWS may have and none has here. Tools ask for it before they delete something, and
//! have to hear that there is nothing to delete first.

use keywheel_domain::api::ApiError;
use keywheel_domain::api::iam::{
    AbsentOfAccountRequest, AbsentOfUserRequest, GetInstanceProfileRequest, IamErrorCode, NoneResponse,
    iam_error,
};

use crate::ops::{Caller, Empty, Operations};

/// An operation that lists what there is not, and the member of its answer that would hold it.
struct Listing {
    action: &'static str,
    member: &'static str,
}

impl Operations {
    /// Lists the second factors of a user.
    pub(super) async fn list_mfa_devices(
        &self,
        caller: &Caller,
        request: AbsentOfUserRequest,
    ) -> Result<NoneResponse, ApiError> {
        let listing = Listing { action: "ListMFADevices", member: "MFADevices" };
        self.none_of_user(caller, &listing, &request).await
    }

    /// Lists the keys of a user for CodeCommit.
    pub(super) async fn list_ssh_public_keys(
        &self,
        caller: &Caller,
        request: AbsentOfUserRequest,
    ) -> Result<NoneResponse, ApiError> {
        let listing = Listing { action: "ListSSHPublicKeys", member: "SSHPublicKeys" };
        self.none_of_user(caller, &listing, &request).await
    }

    /// Lists the credentials of a user for one service.
    pub(super) async fn list_service_specific_credentials(
        &self,
        caller: &Caller,
        request: AbsentOfUserRequest,
    ) -> Result<NoneResponse, ApiError> {
        let member = "ServiceSpecificCredentials";
        let listing = Listing { action: "ListServiceSpecificCredentials", member };
        self.none_of_user(caller, &listing, &request).await
    }

    /// Lists the certificates that a user signs with.
    pub(super) async fn list_signing_certificates(
        &self,
        caller: &Caller,
        request: AbsentOfUserRequest,
    ) -> Result<NoneResponse, ApiError> {
        let listing = Listing { action: "ListSigningCertificates", member: "Certificates" };
        self.none_of_user(caller, &listing, &request).await
    }

    /// Lists the second factors of an account that are programs.
    pub(super) async fn list_virtual_mfa_devices(
        &self,
        caller: &Caller,
        _: AbsentOfAccountRequest,
    ) -> Result<NoneResponse, ApiError> {
        self.authorize(caller, "iam:ListVirtualMFADevices", None)?;
        Ok(NoneResponse { member: "VirtualMFADevices" })
    }

    /// Lists the instance profiles of an account.
    pub(super) async fn list_instance_profiles(
        &self,
        caller: &Caller,
        _: AbsentOfAccountRequest,
    ) -> Result<NoneResponse, ApiError> {
        self.authorize(caller, "iam:ListInstanceProfiles", None)?;
        Ok(NoneResponse { member: "InstanceProfiles" })
    }

    /// Lists the names that an account goes by.
    pub(super) async fn list_account_aliases(
        &self,
        caller: &Caller,
        _: AbsentOfAccountRequest,
    ) -> Result<NoneResponse, ApiError> {
        self.authorize(caller, "iam:ListAccountAliases", None)?;
        Ok(NoneResponse { member: "AccountAliases" })
    }

    /// Shows when a user got the password of the console: none has one.
    pub(super) async fn get_login_profile(
        &self,
        caller: &Caller,
        request: AbsentOfUserRequest,
    ) -> Result<Empty, ApiError> {
        Err(self.no_login_profile(caller, "GetLoginProfile", &request).await?)
    }

    /// Takes the password of the console away from a user: none has one.
    pub(super) async fn delete_login_profile(
        &self,
        caller: &Caller,
        request: AbsentOfUserRequest,
    ) -> Result<Empty, ApiError> {
        Err(self.no_login_profile(caller, "DeleteLoginProfile", &request).await?)
    }

    /// Shows an instance profile: there are none.
    pub(super) async fn get_instance_profile(
        &self,
        caller: &Caller,
        request: GetInstanceProfileRequest,
    ) -> Result<Empty, ApiError> {
        let name = request.instance_profile_name;
        let arn = format!("arn:aws:iam::{}:instance-profile/{name}", caller.account);
        self.authorize(caller, "iam:GetInstanceProfile", Some(&arn))?;
        Err(no_such(format!("Instance Profile {name} cannot be found.")))
    }

    /// Shows what passwords of the console must be like: the account says nothing of them.
    pub(super) async fn get_account_password_policy(
        &self,
        caller: &Caller,
        _: AbsentOfAccountRequest,
    ) -> Result<Empty, ApiError> {
        self.authorize(caller, "iam:GetAccountPasswordPolicy", None)?;
        Err(no_such(format!("The Password Policy with domain name {} cannot be found.", caller.account)))
    }

    async fn none_of_user(
        &self,
        caller: &Caller,
        listing: &Listing,
        request: &AbsentOfUserRequest,
    ) -> Result<NoneResponse, ApiError> {
        self.iam_user_for(caller, listing.action, request.user_name.as_deref()).await?;
        Ok(NoneResponse { member: listing.member })
    }

    async fn no_login_profile(
        &self,
        caller: &Caller,
        action: &str,
        request: &AbsentOfUserRequest,
    ) -> Result<ApiError, ApiError> {
        let user = self.iam_user_for(caller, action, request.user_name.as_deref()).await?;
        Ok(no_such(format!("Login Profile for User {} cannot be found.", user.record.name)))
    }
}

fn no_such(told: String) -> ApiError {
    iam_error(IamErrorCode::NoSuchEntity, told)
}
