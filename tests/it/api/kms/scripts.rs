//! What goes over the wire, told as stories.

pub(super) const SCRIPTS: [(&str, &str); 12] = [
    (
        "create_key",
        r##"
        # A key is made, described by each of its names, and listed.
        TrentService.CreateKey {"Description":"of the database","Tags":[{"TagKey":"team","TagValue":"db"}]}
        TrentService.CreateAlias {"AliasName":"alias/db","TargetKeyId":"$KEY"}
        TrentService.DescribeKey {"KeyId":"$KEY"}
        TrentService.DescribeKey {"KeyId":"arn:aws:kms:us-east-1:123456789012:key/$KEY"}
        TrentService.DescribeKey {"KeyId":"alias/db"}
        TrentService.DescribeKey {"KeyId":"arn:aws:kms:us-east-1:123456789012:alias/db"}
        TrentService.UpdateKeyDescription {"KeyId":"$KEY","Description":"of all databases"}
        TrentService.CreateKey {}
        TrentService.ListKeys {"Limit":1}
        TrentService.ListKeys {"Limit":1,"Marker":"$NEXT"}
        TrentService.ListKeys {"Marker":"forged"}
        "##,
    ),
    (
        "managed_key",
        r##"
        # The service's own key is listed once it was used, and nobody may change it or use it directly.
        TrentService.ListAliases {}
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        TrentService.ListAliases {}
        TrentService.DescribeKey {"KeyId":"alias/aws/secretsmanager"}
        TrentService.DisableKey {"KeyId":"$KEY"}
        TrentService.ScheduleKeyDeletion {"KeyId":"$KEY"}
        TrentService.Encrypt {"KeyId":"$KEY","Plaintext":"b25l"}
        GetSecretValue {"SecretId":"app"}
        "##,
    ),
    (
        "aliases",
        r##"
        TrentService.CreateKey {}
        TrentService.CreateAlias {"AliasName":"alias/a","TargetKeyId":"$KEY"}
        TrentService.CreateAlias {"AliasName":"alias/b","TargetKeyId":"$KEY"}
        TrentService.CreateAlias {"AliasName":"alias/a","TargetKeyId":"$KEY"}
        TrentService.ListAliases {"KeyId":"$KEY","Limit":1}
        TrentService.ListAliases {"KeyId":"$KEY","Limit":1,"Marker":"$NEXT"}
        TrentService.CreateKey {}
        TrentService.UpdateAlias {"AliasName":"alias/a","TargetKeyId":"$KEY"}
        TrentService.ListAliases {"KeyId":"$KEY"}
        TrentService.DeleteAlias {"AliasName":"alias/a"}
        TrentService.DeleteAlias {"AliasName":"alias/a"}
        TrentService.UpdateAlias {"AliasName":"alias/none","TargetKeyId":"$KEY"}
        # What an alias may not be called.
        TrentService.CreateAlias {"AliasName":"a","TargetKeyId":"$KEY"}
        TrentService.CreateAlias {"AliasName":"alias/aws/mine","TargetKeyId":"$KEY"}
        TrentService.CreateAlias {"AliasName":"alias/a:b","TargetKeyId":"$KEY"}
        TrentService.CreateAlias {"AliasName":"alias/","TargetKeyId":"$KEY"}
        TrentService.CreateAlias {"AliasName":"alias/c","TargetKeyId":"alias/b"}
        "##,
    ),
    (
        "encrypt_and_decrypt",
        r##"
        TrentService.CreateKey {}
        TrentService.Encrypt {"KeyId":"$KEY","Plaintext":"aHVudGVyMg==","EncryptionContext":{"for":"test"}}
        TrentService.Decrypt {"CiphertextBlob":"$BLOB","EncryptionContext":{"for":"test"}}
        TrentService.Decrypt {"CiphertextBlob":"$BLOB","EncryptionContext":{"for":"test"},"KeyId":"$KEY"}
        TrentService.Decrypt {"CiphertextBlob":"$BLOB","EncryptionContext":{"for":"test"},"DryRun":true}
        # Without its context nothing opens.
        TrentService.Decrypt {"CiphertextBlob":"$BLOB"}
        TrentService.Decrypt {"CiphertextBlob":"AAAA"}
        TrentService.CreateKey {}
        TrentService.Decrypt {"CiphertextBlob":"$BLOB","EncryptionContext":{"for":"test"},"KeyId":"$KEY"}
        TrentService.ReEncrypt {"CiphertextBlob":"$BLOB","SourceEncryptionContext":{"for":"test"},"DestinationKeyId":"$KEY"}
        TrentService.Decrypt {"CiphertextBlob":"$BLOB"}
        "##,
    ),
    (
        "data_keys",
        r##"
        TrentService.CreateKey {}
        TrentService.GenerateDataKey {"KeyId":"$KEY","KeySpec":"AES_128"}
        TrentService.Decrypt {"CiphertextBlob":"$BLOB"}
        TrentService.GenerateDataKeyWithoutPlaintext {"KeyId":"$KEY","NumberOfBytes":3}
        TrentService.Decrypt {"CiphertextBlob":"$BLOB"}
        TrentService.GenerateDataKey {"KeyId":"$KEY"}
        TrentService.GenerateDataKey {"KeyId":"$KEY","KeySpec":"AES_128","NumberOfBytes":3}
        TrentService.GenerateRandom {"NumberOfBytes":4}
        "##,
    ),
    (
        "key_states",
        r##"
        TrentService.CreateKey {}
        TrentService.DisableKey {"KeyId":"$KEY"}
        TrentService.Encrypt {"KeyId":"$KEY","Plaintext":"b25l"}
        TrentService.RotateKeyOnDemand {"KeyId":"$KEY"}
        TrentService.EnableKey {"KeyId":"$KEY"}
        TrentService.Encrypt {"KeyId":"$KEY","Plaintext":"b25l"}
        TrentService.CancelKeyDeletion {"KeyId":"$KEY"}
        TrentService.ScheduleKeyDeletion {"KeyId":"$KEY","PendingWindowInDays":7}
        TrentService.DescribeKey {"KeyId":"$KEY"}
        TrentService.Decrypt {"CiphertextBlob":"$BLOB"}
        TrentService.EnableKey {"KeyId":"$KEY"}
        TrentService.ScheduleKeyDeletion {"KeyId":"$KEY"}
        TrentService.CreateAlias {"AliasName":"alias/late","TargetKeyId":"$KEY"}
        TrentService.CancelKeyDeletion {"KeyId":"$KEY"}
        TrentService.DescribeKey {"KeyId":"$KEY"}
        TrentService.ScheduleKeyDeletion {"KeyId":"$KEY","PendingWindowInDays":7}
        + 8 days
        work
        TrentService.DescribeKey {"KeyId":"$KEY"}
        TrentService.Decrypt {"CiphertextBlob":"$BLOB"}
        "##,
    ),
    (
        "rotation",
        r##"
        TrentService.CreateKey {}
        TrentService.GetKeyRotationStatus {"KeyId":"$KEY"}
        TrentService.EnableKeyRotation {"KeyId":"$KEY","RotationPeriodInDays":90}
        TrentService.GetKeyRotationStatus {"KeyId":"$KEY"}
        TrentService.Encrypt {"KeyId":"$KEY","Plaintext":"b25l"}
        TrentService.RotateKeyOnDemand {"KeyId":"$KEY"}
        + 91 days
        work
        TrentService.ListKeyRotations {"KeyId":"$KEY"}
        TrentService.ListKeyRotations {"KeyId":"$KEY","IncludeKeyMaterial":"ALL_KEY_MATERIAL","Limit":2}
        TrentService.ListKeyRotations {"KeyId":"$KEY","IncludeKeyMaterial":"ALL_KEY_MATERIAL","Limit":2,"Marker":"$NEXT"}
        # What the first material encrypted is still readable.
        TrentService.Decrypt {"CiphertextBlob":"$BLOB"}
        TrentService.DisableKeyRotation {"KeyId":"$KEY"}
        TrentService.GetKeyRotationStatus {"KeyId":"$KEY"}
        # A key is rotated on demand so often and no more.
        TrentService.CreateKey {}
        25 times TrentService.RotateKeyOnDemand {"KeyId":"$KEY"}
        TrentService.RotateKeyOnDemand {"KeyId":"$KEY"}
        "##,
    ),
    (
        "policies",
        r##"
        TrentService.CreateKey {}
        TrentService.ListKeyPolicies {"KeyId":"$KEY"}
        TrentService.GetKeyPolicy {"KeyId":"$KEY"}
        TrentService.PutKeyPolicy {"KeyId":"$KEY","Policy":"{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"kms:Decrypt\",\"Resource\":\"*\"}}"}
        TrentService.GetKeyPolicy {"KeyId":"$KEY","PolicyName":"default"}
        TrentService.GetKeyPolicy {"KeyId":"$KEY","PolicyName":"other"}
        TrentService.PutKeyPolicy {"KeyId":"$KEY","Policy":"not JSON"}
        TrentService.PutKeyPolicy {"KeyId":"$KEY","Policy":"{\"Version\":\"2012-10-17\"}"}
        TrentService.PutKeyPolicy {"KeyId":"$KEY","Policy":"{\"Statement\":[{\"Effect\":\"Maybe\"}]}"}
        TrentService.PutKeyPolicy {"KeyId":"$KEY","Policy":"{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}]}"}
        TrentService.CreateKey {"Policy":"[]"}
        "##,
    ),
    (
        "grants",
        r##"
        # There are none, and tools ask.
        TrentService.CreateKey {}
        TrentService.ListGrants {"KeyId":"$KEY"}
        TrentService.ListGrants {"KeyId":"11111111-1111-4111-8111-111111111111"}
        TrentService.ListGrants {}
        TrentService.ListRetirableGrants {"RetiringPrincipal":"arn:aws:iam::123456789012:user/ann"}
        TrentService.ListRetirableGrants {}
        TrentService.CreateGrant {"KeyId":"$KEY","GranteePrincipal":"arn:aws:iam::123456789012:user/ann","Operations":["Decrypt"]}
        "##,
    ),
    (
        "tags",
        r##"
        TrentService.CreateKey {}
        TrentService.TagResource {"KeyId":"$KEY","Tags":[{"TagKey":"a","TagValue":"1"},{"TagKey":"b","TagValue":""}]}
        TrentService.ListResourceTags {"KeyId":"$KEY","Limit":1}
        TrentService.ListResourceTags {"KeyId":"$KEY","Limit":1,"Marker":"$NEXT"}
        TrentService.UntagResource {"KeyId":"$KEY","TagKeys":["a"]}
        TrentService.ListResourceTags {"KeyId":"$KEY"}
        TrentService.TagResource {"KeyId":"$KEY","Tags":[{"TagKey":"aws:a","TagValue":"1"}]}
        TrentService.TagResource {"KeyId":"$KEY","Tags":[{"TagKey":"c","TagValue":"1"},{"TagKey":"c","TagValue":"2"}]}
        "##,
    ),
    (
        "errors",
        r##"
        # No such key, in each of its names.
        TrentService.DescribeKey {"KeyId":"mine"}
        TrentService.DescribeKey {"KeyId":"alias/mine"}
        TrentService.DescribeKey {"KeyId":"1234abcd-12ab-34cd-56ef-1234567890ab"}
        TrentService.DescribeKey {"KeyId":"arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"}
        TrentService.DescribeKey {"KeyId":"arn:aws:s3:::bucket"}
        # What is not there.
        TrentService.CreateKey {"KeySpec":"RSA_2048","KeyUsage":"SIGN_VERIFY"}
        TrentService.CreateKey {"MultiRegion":true}
        TrentService.CreateKey {"Origin":"EXTERNAL"}
        TrentService.CreateGrant {"KeyId":"mine"}
        TrentService.Encrypt {"KeyId":"mine","Plaintext":"b25l","EncryptionAlgorithm":"RSAES_OAEP_SHA_256"}
        # Broken constraints, and no value in what is told of them.
        TrentService.Encrypt {}
        TrentService.Encrypt {"KeyId":"mine","Plaintext":"not base64!"}
        TrentService.ScheduleKeyDeletion {"KeyId":"mine","PendingWindowInDays":6}
        TrentService.EnableKeyRotation {"KeyId":"mine","RotationPeriodInDays":89}
        # A signature for Secrets Manager calls nothing here.
        misdirected TrentService.ListKeys {}
        unsigned TrentService.ListKeys {}
        crowded TrentService.ListKeys {}
        the disk fails
        TrentService.ListKeys {}
        "##,
    ),
    (
        "secrets",
        r##"
        # A secret keeps its key as it was named, and its versions tell which sealed them.
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one","KmsKeyId":"alias/none"}
        TrentService.CreateKey {}
        TrentService.CreateAlias {"AliasName":"alias/app","TargetKeyId":"$KEY"}
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one","KmsKeyId":"alias/app"}
        DescribeSecret {"SecretId":"app"}
        ListSecretVersionIds {"SecretId":"app"}
        TrentService.DisableKey {"KeyId":"$KEY"}
        GetSecretValue {"SecretId":"app"}
        PutSecretValue {"SecretId":"app","ClientRequestToken":"$2","SecretString":"two"}
        UpdateSecret {"SecretId":"app","ClientRequestToken":"$2","KmsKeyId":""}
        TrentService.EnableKey {"KeyId":"$KEY"}
        UpdateSecret {"SecretId":"app","ClientRequestToken":"$2","KmsKeyId":""}
        TrentService.DisableKey {"KeyId":"$KEY"}
        GetSecretValue {"SecretId":"app"}
        DescribeSecret {"SecretId":"app"}
        ListSecretVersionIds {"SecretId":"app"}
        "##,
    ),
];
