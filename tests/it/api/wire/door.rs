//! What the server says before it asks an action: about signatures, bodies and paths.

pub(super) const SCRIPTS: &[(&str, &str)] = &[
    (
        "error_signature",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        # Who did not sign, or not with the secret of the access key, learns nothing.
        unsigned GetSecretValue {"SecretId":"app"}
        forged GetSecretValue {"SecretId":"app"}
        unknown GetSecretValue {"SecretId":"app"}
        # A signature counts for five minutes, and for this service.
        expired GetSecretValue {"SecretId":"app"}
        misdirected GetSecretValue {"SecretId":"app"}
        # Not even whether there is such an operation, or what the body should be.
        unsigned FlyToTheMoon {}
        forged GetSecretValue not JSON
        GetSecretValue {"SecretId":"app"}
        "##,
    ),
    (
        "error_request",
        r##"
        FlyToTheMoon {}
        GetSecretValue not JSON
        # The greatest length is refused for what it is, not for its length.
        GetSecretValue (1048576 spaces)
        GetSecretValue (1048577 spaces)
        # That it is too long is said to anybody.
        unsigned GetSecretValue (1048577 spaces)
        "##,
    ),
    (
        "error_server",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        # There is no room for another request.
        crowded GetSecretValue {"SecretId":"app"}
        the disk fails
        GetSecretValue {"SecretId":"app"}
        PutSecretValue {"SecretId":"app","ClientRequestToken":"$2","SecretString":"two"}
        the disk works
        GetSecretValue {"SecretId":"app"}
        "##,
    ),
    (
        "health",
        r##"
        # These need no signature.
        GET /healthz
        GET /healthz?verbose
        GET /
        GET /secrets
        "##,
    ),
];
