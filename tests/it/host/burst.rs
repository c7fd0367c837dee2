//! A thousand steps at once: more than there are instances.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use keywheel_domain::api::*;
use keywheel_domain::rotation::Step;
use keywheel_host::{Egress, Limits, Outcome, Secrets};

use super::in_memory::InMemory;
use super::{INSTANCES_MAX, VALUE, invocation_with, load};

const STEPS: usize = 1000;
/// Turns of other tasks that an answer waits for, so that instances stay in use for a while.
const TURNS: usize = 50;

/// Answers as [`InMemory`] does, and counts who waits for an answer.
struct Counted {
    secrets: InMemory,
    waiting: AtomicUsize,
    waiting_most: AtomicUsize,
}

#[async_trait]
impl Secrets for Counted {
    async fn get_secret_value(
        &self,
        request: GetSecretValueRequest,
    ) -> Result<GetSecretValueResponse, ApiError> {
        let waiting = self.waiting.fetch_add(1, Ordering::SeqCst) + 1;
        self.waiting_most.fetch_max(waiting, Ordering::SeqCst);
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        self.secrets.get_secret_value(request).await
    }

    async fn put_secret_value(
        &self,
        request: PutSecretValueRequest,
    ) -> Result<PutSecretValueResponse, ApiError> {
        self.secrets.put_secret_value(request).await
    }

    async fn describe_secret(
        &self,
        request: DescribeSecretRequest,
    ) -> Result<DescribeSecretResponse, ApiError> {
        self.secrets.describe_secret(request).await
    }

    async fn update_secret_version_stage(
        &self,
        request: UpdateSecretVersionStageRequest,
    ) -> Result<UpdateSecretVersionStageResponse, ApiError> {
        self.secrets.update_secret_version_stage(request).await
    }

    async fn get_random_password(
        &self,
        request: GetRandomPasswordRequest,
    ) -> Result<GetRandomPasswordResponse, ApiError> {
        self.secrets.get_random_password(request).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_of_a_thousand_steps_loses_none_and_keeps_to_its_instances() {
    let function = load(keywheel_guests::component("noop")).await;
    let secrets = Arc::new(Counted {
        secrets: InMemory::new(VALUE),
        waiting: AtomicUsize::new(0),
        waiting_most: AtomicUsize::new(0),
    });
    let steps: Vec<_> = (0..STEPS)
        .map(|_| {
            let (function, secrets) = (Arc::clone(&function), Arc::clone(&secrets));
            let step = invocation_with(Step::CreateSecret, secrets, Egress::deny_all(), Limits::default());
            tokio::spawn(async move { function.invoke(step).await.outcome })
        })
        .collect();
    for step in steps {
        assert_eq!(step.await.unwrap(), Outcome::Done);
    }
    let most = secrets.waiting_most.load(Ordering::SeqCst);
    assert!((2..=INSTANCES_MAX as usize).contains(&most), "{most} at once");
}
