//! The rules of the contract, each with the name that people and programs know it by.

/// A rule that a rotation function keeps. Names never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// See [`Rule::demand`], as for all of them.
    Rotates,
    /// Nothing outside in `createSecret`.
    CreateTouchesNothing,
    /// The value is stored before anything outside.
    PendingFirst,
    /// `AWSCURRENT` moves in `finishSecret` only.
    NeverWritesCurrent,
    /// The pending value leads where the current one does.
    SameLogin,
    /// `testSecret` logs in with the pending value.
    TestsPending,
    /// `testSecret` fails when it cannot.
    WrongPasswordFails,
    /// `finishSecret` moves the label.
    FinishMovesLabelOnly,
    /// Twice is as good as once.
    Idempotent,
    /// A death anywhere is mended by running the step again.
    SurvivesDeath,
    /// So is a call that fails.
    SurvivesFaults,
    /// A value that is stored always logs in.
    NeverLockedOut,
    /// The log is for people.
    LogsNoValue,
}

impl Rule {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 13] = [
        Self::Rotates,
        Self::CreateTouchesNothing,
        Self::PendingFirst,
        Self::NeverWritesCurrent,
        Self::SameLogin,
        Self::TestsPending,
        Self::WrongPasswordFails,
        Self::FinishMovesLabelOnly,
        Self::Idempotent,
        Self::SurvivesDeath,
        Self::SurvivesFaults,
        Self::NeverLockedOut,
        Self::LogsNoValue,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rotates => "rotates",
            Self::CreateTouchesNothing => "create-touches-nothing",
            Self::PendingFirst => "pending-first",
            Self::NeverWritesCurrent => "never-writes-current",
            Self::SameLogin => "same-login",
            Self::TestsPending => "tests-pending",
            Self::WrongPasswordFails => "wrong-password-fails",
            Self::FinishMovesLabelOnly => "finish-moves-label-only",
            Self::Idempotent => "idempotent",
            Self::SurvivesDeath => "survives-death",
            Self::SurvivesFaults => "survives-faults",
            Self::NeverLockedOut => "never-locked-out",
            Self::LogsNoValue => "logs-no-value",
        }
    }

    /// What it asks of a function, in one sentence.
    pub const fn demand(self) -> &'static str {
        match self {
            Self::Rotates => "the four steps in order make a new value that logs in",
            Self::CreateTouchesNothing => "createSecret touches nothing outside",
            Self::PendingFirst => "the pending value is stored before anything outside is touched",
            Self::NeverWritesCurrent => {
                "no step stores a value as AWSCURRENT, and only finishSecret moves it"
            }
            Self::SameLogin => "setSecret refuses a pending value for another host or user",
            Self::TestsPending => "testSecret logs in with the pending value",
            Self::WrongPasswordFails => "testSecret fails when the target does not take the pending value",
            Self::FinishMovesLabelOnly => {
                "finishSecret moves AWSCURRENT to the pending version, and nothing else"
            }
            Self::Idempotent => "a step that runs twice leaves what it left once",
            Self::SurvivesDeath => "a step that dies at any call of the host ends well when it runs again",
            Self::SurvivesFaults => "so does a step of which a call failed or lost its answer",
            Self::NeverLockedOut => "at every moment, the current or the pending value logs in",
            Self::LogsNoValue => "no value is in the log or in a failure's message",
        }
    }

    /// Whether it can be judged only with a target that is simulated.
    pub(super) const fn needs_target(self) -> bool {
        matches!(self, Self::SameLogin | Self::TestsPending | Self::WrongPasswordFails | Self::NeverLockedOut)
    }

    /// Whether a breach may come of a target that is simulated and speaks another protocol than the function.
    pub(super) const fn needs_protocol(self) -> bool {
        self.needs_target()
            || matches!(self, Self::Rotates | Self::Idempotent | Self::SurvivesDeath | Self::SurvivesFaults)
    }
}
