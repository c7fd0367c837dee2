//! The key management service: keys, their aliases, and what they encrypt.
//!
//! One file for what belongs together. The record of a key is its state, its policy and its wrapped material at once, so
//! that each change is one commit; who uses a key asks the vault, which looks at the record after every commit.

mod aliases;
mod change;
mod create_key;
mod crypto;
mod describe_key;
mod dispatch;
mod due;
mod grants;
mod key_state;
mod managed_key;
mod policies;
mod records;
mod rotation;
mod tags;

use self::records::Audience;
