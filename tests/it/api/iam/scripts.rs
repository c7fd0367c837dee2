//! Stories about users, groups, roles and policies. Each becomes `tests/golden/iam/NAME.txt`.

pub(super) const SCRIPTS: [(&str, &str); 2] = [
    (
        "users",
        "
        # A user is found by its name, capitals or not.
        CreateUser UserName=Ann Path=/people/ Tags.member.1.Key=team Tags.member.1.Value=blue+green
        GetUser UserName=ann
        CreateUser UserName=ANN
        GetUser
        CreateUser UserName=bob
        CreateUser UserName=carl
        ListUsers
        ListUsers PathPrefix=/people/
        ListUsers MaxItems=2
        ListUsers MaxItems=2 Marker=$MARKER
        ListUsers MaxItems=1 Marker=$MARKER
        # Another name is one with the same id.
        UpdateUser UserName=bob NewUserName=Robert NewPath=/people/
        GetUser UserName=bob
        GetUser UserName=robert
        UpdateUser UserName=Robert NewUserName=CARL
        DeleteUser UserName=carl
        DeleteUser UserName=carl
        ",
    ),
    (
        "refusals",
        "
        # Who asks is known before anything is told.
        forged ListUsers
        unknown ListUsers
        misdirected ListUsers
        # What is asked is no operation.
        ListUsersAndMore
        raw Action=ListUsers&Version=2010-05-09
        raw Version=2010-05-08
        # The form is none.
        raw Action=ListUsers&Version=2010-05-08&MaxItems=%zz
        raw Action=ListUsers&Version=2010-05-08&MaxItems=1&MaxItems=2
        ListUsers MaxItems=many
        # Members break constraints: all of them are told.
        ListUsers MaxItems=0
        ListUsers MaxItems=1001 PathPrefix=people
        CreateUser
        CreateUser UserName=a/b Path=nowhere Tags.member.1.Key=a
        CreateUser UserName=ann Tags.member.1.Key=a Tags.member.1.Value=1 Tags.member.2.Key=A Tags.member.2.Value=2
        CreateUser UserName=ann Tags.member.1.Key=aws:x Tags.member.1.Value=1
        CreateUser UserName=ann PermissionsBoundary=arn:aws:iam::123456789012:policy/none
        ListUsers Marker=none
        ",
    ),
];
