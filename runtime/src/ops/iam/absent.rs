//! What users, roles and accounts of AWS may have and none has here. Tools ask for it before they delete something, and
//! have to hear that there is nothing to delete first.

use keywheel_domain::api::ApiError;
use keywheel_domain::api::iam::{
    AbsentOfAccountRequest, AbsentOfUserRequest, GetInstanceProfileRequest, IamErrorCode, NoneResponse,
    iam_error,
};

use crate::ops::{Caller, Empty, Operations};

impl Operations {
    /// Lists none of what a user may have.
    pub(super) async fn list_none_of_user(
        &self,
        caller: &Caller,
        request: AbsentOfUserRequest,
    ) -> Result<NoneResponse, ApiError> {
        self.iam_user_for(caller, request.action, request.user_name.as_deref()).await?;
        Ok(NoneResponse { member: request.member })
    }

    /// Lists none of what an account may have.
    pub(super) async fn list_none_of_account(
        &self,
        caller: &Caller,
        request: AbsentOfAccountRequest,
    ) -> Result<NoneResponse, ApiError> {
        self.authorize(caller, &format!("iam:{}", request.action), None)?;
        Ok(NoneResponse { member: request.member })
    }

    /// Shows or removes the password that a user has for the console: none has one.
    pub(super) async fn find_login_profile(
        &self,
        caller: &Caller,
        request: AbsentOfUserRequest,
    ) -> Result<Empty, ApiError> {
        let user = self.iam_user_for(caller, request.action, request.user_name.as_deref()).await?;
        Err(no_such(format!("Login Profile for User {} cannot be found.", user.record.name)))
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
        request: AbsentOfAccountRequest,
    ) -> Result<Empty, ApiError> {
        self.authorize(caller, &format!("iam:{}", request.action), None)?;
        Err(no_such(format!("The Password Policy with domain name {} cannot be found.", caller.account)))
    }
}

fn no_such(told: String) -> ApiError {
    iam_error(IamErrorCode::NoSuchEntity, told)
}
