//! Grants of one account, as the server shows them, rewritten for another one. Pure.
//!
//! A line ends with the account and what belongs to it: `… TO `app`@`%` IDENTIFIED BY … REQUIRE SSL WITH
//! GRANT OPTION`. The way of logging in is left out, all else is kept.

use keywheel_sdk::sql::EmbeddedNul;

use crate::sql::Account;

/// What comes before the account: grants, revocations of parts of them, default roles.
const BEFORE_ACCOUNT: [&str; 3] = ["TO", "FROM", "FOR"];
const LOGIN: &str = "IDENTIFIED";
/// What ends the way of logging in.
const AFTER_LOGIN: [&str; 2] = ["REQUIRE", "WITH"];

/// The statement that gives `account` what a line of `SHOW GRANTS` says of another one. Nothing when the line
/// has another form.
pub(crate) fn rewritten(line: &str, account: &Account) -> Result<Option<String>, EmbeddedNul> {
    let words = words(line);
    let Some(at) = words.iter().rposition(|word| BEFORE_ACCOUNT.contains(&word.text)) else {
        return Ok(None);
    };
    let head = &line[..words[at].end];
    let tail = &words[at + 1..];
    let login = tail.iter().find(|word| word.text == LOGIN);
    let kept = match login {
        Some(login) => tail.iter().find(|word| word.end > login.end && AFTER_LOGIN.contains(&word.text)),
        None => tail.first(),
    };
    let kept = kept.map(|word| format!(" {}", &line[word.end - word.text.len()..])).unwrap_or_default();
    Ok(Some(format!("{head} {}{kept}", account.quoted()?)))
}

/// Whether a line grants a role, which is a grant on nothing.
pub(crate) fn is_role(line: &str) -> bool {
    let words = words(line);
    words.first().is_some_and(|word| word.text == "GRANT") && words.iter().all(|word| word.text != "ON")
}

struct Word<'a> {
    text: &'a str,
    end: usize,
}

/// The words outside of quotes. A doubled quote ends one quoted part and begins another.
fn words(line: &str) -> Vec<Word<'_>> {
    let (mut found, mut quote, mut start) = (Vec::new(), None, None);
    for (index, character) in line.char_indices().chain([(line.len(), ' ')]) {
        let is_word = quote.is_none() && (character.is_alphanumeric() || character == '_');
        if is_word {
            start.get_or_insert(index);
        } else if let Some(start) = start.take() {
            found.push(Word { text: &line[start..index], end: index });
        }
        match quote {
            Some(open) if open == character => quote = None,
            None if matches!(character, '`' | '"' | '\'') => quote = Some(character),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_kept_without_its_way_of_logging_in() {
        let clone = Account { user: "app_clone".to_owned(), host: "%".to_owned() };
        let check = |line: &str, expected: &str| {
            let expected = expected.replace("CLONE", "`app_clone`@`%`");
            assert_eq!(rewritten(line, &clone).unwrap().as_deref(), Some(&*expected), "{line}");
        };
        check("GRANT `reader` TO `app`@`%`", "GRANT `reader` TO CLONE");
        check("GRANT USAGE ON *.* TO `app`@`%` IDENTIFIED BY PASSWORD '*9B'", "GRANT USAGE ON *.* TO CLONE");
        check(
            "GRANT ALL PRIVILEGES ON *.* TO `app`@`%` IDENTIFIED BY PASSWORD '*9B' REQUIRE SSL WITH GRANT OPTION",
            "GRANT ALL PRIVILEGES ON *.* TO CLONE REQUIRE SSL WITH GRANT OPTION",
        );
        check(
            "GRANT USAGE ON *.* TO `a`@`%` IDENTIFIED VIA ed25519 USING ' WITH ' OR unix_socket WITH MAX_USER_CONNECTIONS 5",
            "GRANT USAGE ON *.* TO CLONE WITH MAX_USER_CONNECTIONS 5",
        );
        check(
            "GRANT UPDATE (`a`) ON `shop`.`t` TO `app`@`%` WITH GRANT OPTION",
            "GRANT UPDATE (`a`) ON `shop`.`t` TO CLONE WITH GRANT OPTION",
        );
        check("GRANT SELECT ON `a`` TO b`.* TO `x TO y`@`%`", "GRANT SELECT ON `a`` TO b`.* TO CLONE");
        check(r#"GRANT SELECT ON "shop".* TO "a""b"@"%""#, r#"GRANT SELECT ON "shop".* TO CLONE"#);
        check("SET DEFAULT ROLE `reader` FOR `app`@`%`", "SET DEFAULT ROLE `reader` FOR CLONE");
        check("REVOKE SELECT ON `hr`.* FROM `app`@`%`", "REVOKE SELECT ON `hr`.* FROM CLONE");
        assert_eq!(rewritten("SELECT 1", &clone).unwrap(), None);
    }

    #[test]
    fn a_role_is_granted_on_nothing() {
        assert!(is_role("GRANT `reader`@`%` TO `app`@`%`") && is_role("GRANT `a ON b` TO `app`@`%`"));
        assert!(!is_role("GRANT SELECT ON `shop`.* TO `app`@`%`"));
        assert!(!is_role("SET DEFAULT ROLE `reader` FOR `app`@`%`"));
    }
}
