//! The AWS SDK for Rust, as an application uses it.

use std::fs;

use aws_sdk_secretsmanager::config::timeout::TimeoutConfig;
use aws_sdk_secretsmanager::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_secretsmanager::operation::RequestId as _;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use aws_sdk_secretsmanager::primitives::Blob;
use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType};
use aws_sdk_secretsmanager::{Client, Config};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use keywheel_tests::process::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};
use keywheel_tests::wait;
use serde_json::Value;

use super::Site;

const FUNCTION_ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:postgres-single-user";
const ROLE: &str = "app_rust";

impl Site {
    /// A client that trusts the site's authority only, and does not try again.
    fn rust_client(&self, access_key_id: &str, secret_access_key: &str) -> Client {
        let trusted = fs::read(self.authority.file()).unwrap();
        let trusted = TrustStore::empty().with_native_roots(false).with_pem_certificate(trusted);
        let http = Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(TlsContext::builder().with_trust_store(trusted).build().unwrap())
            .build_https();
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static(keywheel_tests::client::REGION))
            .credentials_provider(Credentials::new(access_key_id, secret_access_key, None, None, "tests"))
            .endpoint_url(self.endpoint())
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout(wait::PATIENCE).build())
            .http_client(http)
            .build();
        Client::from_conf(config)
    }

    fn rust_root(&self) -> Client {
        self.rust_client(ACCESS_KEY_ID, SECRET_ACCESS_KEY)
    }
}

async fn read(client: &Client, name: &str) -> Value {
    let read = client.get_secret_value().secret_id(name).send().await.unwrap();
    serde_json::from_str(read.secret_string().unwrap()).unwrap()
}

#[tokio::test]
async fn the_sdk_reads_and_lists() {
    let site = Site::start().await;
    let client = site.rust_root();
    let text = "quote \" backslash \\ newline \n nul \0 umlaut ü wheel 🛞";
    let created = client.create_secret().name("app/text").secret_string(text).send().await.unwrap();
    for id in ["app/text", created.arn().unwrap()] {
        let read = client.get_secret_value().secret_id(id).send().await.unwrap();
        assert_eq!(read.secret_string(), Some(text));
        assert_eq!((read.version_id(), read.arn()), (created.version_id(), created.arn()));
        assert_eq!(read.version_stages(), ["AWSCURRENT"]);
        assert!(read.secret_binary().is_none() && read.request_id().is_some());
    }
    let bytes: Vec<u8> = (0..=u8::MAX).collect();
    let create = client.create_secret().name("app/bytes").secret_binary(Blob::new(bytes.clone()));
    create.send().await.unwrap();
    let read = client.get_secret_value().secret_id("app/bytes").send().await.unwrap();
    assert_eq!(read.secret_binary().unwrap().as_ref(), bytes);

    let names: Vec<_> = (0..25).map(|number| format!("pages/{number:02}")).collect();
    for name in &names {
        client.create_secret().name(name).secret_string("value").send().await.unwrap();
    }
    let filter = Filter::builder().key(FilterNameStringType::Name).values("pages/").build();
    let mut pages = client.list_secrets().filters(filter).into_paginator().page_size(10).send();
    let (mut listed, mut count) = (Vec::new(), 0);
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        assert!(page.secret_list().len() <= 10);
        listed.extend(page.secret_list().iter().map(|secret| secret.name().unwrap().to_owned()));
        count += 1;
    }
    listed.sort_unstable();
    assert_eq!((listed, count), (names, 3));
}

#[tokio::test]
async fn the_sdk_reads_what_was_rotated() {
    let site = Site::start().await;
    let client = site.rust_root();
    let password = site.postgres.create_role(ROLE).await.unwrap();
    let value = site.postgres.secret_value(ROLE, &password);
    client.create_secret().name("app").secret_string(value.to_string()).send().await.unwrap();
    assert!(site.postgres.accepts(ROLE, &password).await.unwrap());

    let rotate = client.rotate_secret().secret_id("app").rotation_lambda_arn(FUNCTION_ARN);
    let token = rotate.send().await.unwrap().version_id().unwrap().to_owned();
    let rotated = wait::until("the new version to be current", async || {
        let described = client.describe_secret().secret_id("app").send().await?;
        let stages = described.version_ids_to_stages().and_then(|stages| stages.get(&token)).cloned();
        Ok((stages.as_deref() == Some(&["AWSCURRENT".to_owned()])).then_some(described))
    });
    let described = rotated.await.unwrap();
    assert_eq!(described.rotation_enabled(), Some(true));
    assert!(described.last_rotated_date().is_some());

    let mut rotated = read(&client, "app").await;
    let new = rotated["password"].as_str().unwrap().to_owned();
    assert!(site.postgres.accepts(ROLE, &new).await.unwrap());
    assert!(!site.postgres.accepts(ROLE, &password).await.unwrap());
    rotated["password"] = password.into();
    assert_eq!(rotated, value);
}

#[tokio::test]
async fn the_sdk_tells_refusals_apart() {
    let site = Site::start().await;
    let root = site.rust_root();
    root.create_secret().name("app").secret_string("value").send().await.unwrap();
    let missing = root.get_secret_value().secret_id("nothing").send().await.unwrap_err();
    assert!(matches!(missing.as_service_error(), Some(GetSecretValueError::ResourceNotFoundException(_))));
    let text = "Secrets Manager can't find the specified secret.";
    assert_eq!((missing.message(), missing.request_id().is_some()), (Some(text), true));

    let again = root.create_secret().name("app").secret_string("value").send().await.unwrap_err();
    assert!(again.as_service_error().is_some_and(|error| error.is_resource_exists_exception()));

    root.delete_secret().secret_id("app").send().await.unwrap();
    let deleted = root.get_secret_value().secret_id("app").send().await.unwrap_err();
    assert!(deleted.as_service_error().is_some_and(GetSecretValueError::is_invalid_request_exception));

    for (id, code) in
        [(ACCESS_KEY_ID, "InvalidSignatureException"), ("AKIAUNKNOWN", "UnrecognizedClientException")]
    {
        let wrong = site.rust_client(id, "another-secret");
        let refused = wrong.get_secret_value().secret_id("nothing").send().await.unwrap_err();
        let SdkError::ServiceError(refused) = refused else { panic!("{refused:?}") };
        assert_eq!(refused.raw().status().as_u16(), 400);
        // Not an error of this operation: the class that the SDK has for all that is common.
        assert_eq!(refused.err().meta().code(), Some(code), "{refused:?}");
    }
}
