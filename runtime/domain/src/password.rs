//! Random passwords as GetRandomPassword makes them. Randomness is an argument.

use crate::api::GetRandomPasswordRequest;
use crate::sensitive::Sensitive;

const LOWERCASE: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPERCASE: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const NUMBERS: &str = "0123456789";
/// The 32 punctuation characters of ASCII.
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/// Why no password can be made.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Everything is excluded.
    #[error("The password can't be generated because all characters are excluded.")]
    NothingLeft,
    /// There are more classes to include than characters.
    #[error(
        "The password length {length} is too short to include at least one of each of the {classes} required character types."
    )]
    TooShort {
        /// Characters asked for.
        length: usize,
        /// Classes of characters that must each occur.
        classes: usize,
    },
}

/// Makes a password. `below(n)` returns an unbiased random number less than `n`.
pub fn generate(
    request: &GetRandomPasswordRequest,
    mut below: impl FnMut(usize) -> usize,
) -> Result<Sensitive<String>, PasswordError> {
    let classes = [
        (LOWERCASE, !request.exclude_lowercase),
        (UPPERCASE, !request.exclude_uppercase),
        (NUMBERS, !request.exclude_numbers),
        (PUNCTUATION, !request.exclude_punctuation),
        (" ", request.include_space),
    ];
    let classes: Vec<Vec<u8>> = classes
        .into_iter()
        .filter(|(_, included)| *included)
        .map(|(class, _)| {
            class.bytes().filter(|byte| !request.exclude_characters.as_bytes().contains(byte)).collect()
        })
        .filter(|class: &Vec<u8>| !class.is_empty())
        .collect();
    let all = classes.concat();
    if all.is_empty() {
        return Err(PasswordError::NothingLeft);
    }
    let length = request.password_length;
    let mut password = Sensitive::new(String::with_capacity(length));
    let mut place = |choice: &[u8]| password.expose_mut().push(char::from(choice[below(choice.len())]));
    if request.require_each_included_type {
        if classes.len() > length {
            return Err(PasswordError::TooShort { length, classes: classes.len() });
        }
        classes.iter().for_each(|class| place(class));
        (classes.len()..length).for_each(|_| place(&all));
    } else {
        (0..length).for_each(|_| place(&all));
    }
    Ok(shuffled(&password, below))
}

/// Fisher and Yates: the required characters must not stand at known places.
fn shuffled(password: &Sensitive<String>, mut below: impl FnMut(usize) -> usize) -> Sensitive<String> {
    let mut bytes = Sensitive::new(password.expose().as_bytes().to_vec());
    for last in (1..bytes.expose().len()).rev() {
        bytes.expose_mut().swap(last, below(last + 1));
    }
    let mut shuffled = Sensitive::new(String::with_capacity(bytes.expose().len()));
    bytes.expose().iter().for_each(|byte| shuffled.expose_mut().push(char::from(*byte)));
    shuffled
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_class_occurs_and_nothing_excluded_does(
            length in 5usize..200,
            flags in any::<[bool; 5]>(),
            excluded in "[a-zA-Z0-9!-/ ]{0,20}",
            seed in any::<u64>(),
        ) {
            let request = GetRandomPasswordRequest {
                password_length: length,
                exclude_characters: excluded.clone(),
                exclude_numbers: flags[0],
                exclude_punctuation: flags[1],
                exclude_uppercase: flags[2],
                exclude_lowercase: flags[3],
                include_space: flags[4],
                require_each_included_type: true,
            };
            let mut state = seed | 1;
            let outcome = generate(&request, |bound| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                usize::try_from(state >> 33).unwrap() % bound
            });
            let Ok(password) = outcome else {
                prop_assert!(flags[..4].iter().all(|excluded| *excluded));
                return Ok(());
            };
            let password = password.expose();
            prop_assert_eq!(password.chars().count(), length);
            prop_assert!(!password.chars().any(|character| excluded.contains(character)));
            let wanted = [(NUMBERS, !flags[0]), (PUNCTUATION, !flags[1]), (UPPERCASE, !flags[2]), (LOWERCASE, !flags[3]), (" ", flags[4])];
            for (class, included) in wanted {
                let left = class.chars().any(|character| !excluded.contains(character));
                let occurs = password.chars().any(|character| class.contains(character));
                prop_assert_eq!(occurs, included && left, "{:?}", class);
            }
        }
    }

    #[test]
    fn what_cannot_be_made_is_refused() {
        let all = GetRandomPasswordRequest {
            exclude_numbers: true,
            exclude_punctuation: true,
            exclude_uppercase: true,
            exclude_lowercase: true,
            ..GetRandomPasswordRequest::default()
        };
        assert_eq!(generate(&all, |_| 0).err(), Some(PasswordError::NothingLeft));
        let short = GetRandomPasswordRequest { password_length: 3, ..GetRandomPasswordRequest::default() };
        assert_eq!(generate(&short, |_| 0).err(), Some(PasswordError::TooShort { length: 3, classes: 4 }));
    }
}
