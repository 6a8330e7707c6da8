//! Why a move to a new phone doesn't go on.

/// Why a step of a move was refused. Both phones are as they were, and no variant holds anything of the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// No code of a move at all.
    #[error("this is not a code of a move; scan the one that the other phone shows")]
    NotACode,
    /// It begins as one and isn't built as one.
    #[error("the code is damaged; scan it again")]
    BadCode,
    /// Of a version that isn't known.
    #[error("the other phone's app is newer; update this app, then begin the move anew")]
    UnknownVersion,
    /// It belongs to another move.
    #[error("this code belongs to another move; scan the ones of the move that was begun, or end it")]
    OtherMove,
    /// A code of this move that isn't the one to be scanned now.
    #[error("this is not the code that comes next; scan the one that the other phone shows now")]
    OutOfTurn,
    /// Another phone has answered the invitation already.
    #[error(
        "a second phone has answered; end the move and begin it anew, with nobody between the two phones"
    )]
    SecondAnswer,
    /// It wasn't made by the phone at the other end, or was altered.
    #[error("the code was not made by the other phone, or was altered; scan it again from its screen")]
    Altered,
    /// The check value that was read from the other phone isn't this one's.
    #[error(
        "the check values differ, so nothing was shown; if you read it right, end the move: \
         somebody may be between the two phones"
    )]
    CheckValueDiffers,
    /// There is a move already.
    #[error("a move is under way; finish it or end it first")]
    UnderWay,
    /// There is no move.
    #[error("no move is under way; begin one")]
    NotUnderWay,
    /// None of the accounts has codes that can be moved.
    #[error("none of the accounts has codes that can be moved")]
    NothingToMove,
    /// More than the parts of a move hold.
    #[error("these are too many accounts for one move; move some of them at a time")]
    TooMuch,
    /// Parts have yet to be scanned.
    #[error("{0} of the parts have not been scanned yet; scan them, in any order")]
    Incomplete(usize),
    /// The acceptance names a service by an address that isn't one.
    #[error(
        "the code names an approval service that can't be one; choose none on the old phone, then scan its code again"
    )]
    BadRelay,
    /// The move doesn't go over a service.
    #[error("this move goes by QR codes alone; scan the ones that the other phone shows")]
    NoRelay,
    /// What the service gave out isn't what the other phone put in.
    #[error(
        "what the approval service has is not what the other phone sealed, and was not taken; \
         go on with the QR codes that the other phone shows"
    )]
    RelayAltered,
    /// The service has nothing of this move any more.
    #[error(
        "the approval service has nothing of this move any more; show the receipt to the old phone's camera"
    )]
    RelayOver,
    /// The receipt isn't of what was sent.
    #[error(
        "the receipt is not of what was sent, so nothing is removed here; look at the new phone's accounts"
    )]
    NotProven,
}

impl TransferError {
    /// A stable name for shells and scripts.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotACode => "move_not_a_code",
            Self::BadCode => "move_bad_code",
            Self::UnknownVersion => "move_unknown_version",
            Self::OtherMove => "move_other",
            Self::OutOfTurn => "move_out_of_turn",
            Self::SecondAnswer => "move_second_answer",
            Self::Altered => "move_altered",
            Self::CheckValueDiffers => "move_check_value_differs",
            Self::UnderWay => "move_under_way",
            Self::NotUnderWay => "move_not_under_way",
            Self::NothingToMove => "move_nothing",
            Self::TooMuch => "move_too_much",
            Self::Incomplete(_) => "move_incomplete",
            Self::BadRelay => "move_bad_relay",
            Self::NoRelay => "move_no_relay",
            Self::RelayAltered => "move_relay_altered",
            Self::RelayOver => "move_relay_over",
            Self::NotProven => "move_not_proven",
        }
    }
}
