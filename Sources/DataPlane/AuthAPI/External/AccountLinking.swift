/// Which account a user of a provider gets.
enum AccountLinking: Sendable, Equatable {
    /// The identity is there: its account.
    case known(user: String)
    /// One account stands for one of the verified addresses: it gets the identity.
    case link(user: String)
    /// A new account, with this address or with none.
    case create(email: ExternalProfile.Email?)
    /// Several accounts stand for the verified addresses.
    case ambiguous

    /// What the database holds about a profile.
    struct Facts: Sendable, Equatable {
        /// The account of the identity.
        var owner: String?
        /// Accounts that a verified address of the profile belongs to: as the account's address, or as the verified
        /// address of one of its identities.
        var ownersOfVerified: [String] = []
        /// Whether an account has the address that a new one would get.
        var isCandidateTaken = false
    }

    init(_ profile: ExternalProfile, _ facts: Facts) {
        if let owner = facts.owner {
            self = .known(user: owner)
            return
        }
        let owners = Set(facts.ownersOfVerified)
        switch owners.count {
        case 0: self = .create(email: facts.isCandidateTaken ? nil : profile.candidate)
        case 1: self = .link(user: facts.ownersOfVerified[0])
        default: self = .ambiguous
        }
    }
}

/// Whether a user who has signed in at a provider gets a session now.
enum AccountAdmission: Sendable, Equatable {
    case admitted
    /// The address counts from now on.
    case confirms
    /// The address has to be confirmed by a mail first.
    case needsMail
    /// There is no address that a mail could go to.
    case needsVerification

    /// What decides.
    struct Facts: Sendable, Equatable {
        var accountEmail: String?
        var isConfirmed: Bool
        var isEmailConfirmed: Bool
        var confirmsAutomatically: Bool
        var allowsUnverified: Bool
        var isEmailOptional: Bool
    }

    init(_ profile: ExternalProfile, _ facts: Facts) {
        let isProven = facts.accountEmail.map { profile.verifiedAddresses.contains($0) } ?? false
        if facts.accountEmail != nil, !facts.isEmailConfirmed, isProven || facts.confirmsAutomatically {
            self = .confirms
        } else if facts.isConfirmed || facts.allowsUnverified {
            self = .admitted
        } else if facts.accountEmail != nil {
            self = .needsMail
        } else {
            let hasWord = facts.confirmsAutomatically || !profile.verifiedAddresses.isEmpty
            self = hasWord || facts.isEmailOptional && profile.emails.isEmpty ? .admitted : .needsVerification
        }
    }
}
