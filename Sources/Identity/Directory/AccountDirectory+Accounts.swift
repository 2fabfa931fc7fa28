import Orchestrator
public import ProjectModel

extension AccountDirectory {
    /// Makes sure that the default organization has an owner who can use `adminToken`; to be called at every start.
    ///
    /// The account is the one with the e-mail address, else the one of an earlier bootstrap, else a new one. A password
    /// is set only when the account has none. The token takes the place of that of an earlier bootstrap.
    /// - Returns: the account.
    @discardableResult
    public func bootstrap(
        adminEmail: String, adminPassword: Secret<String>?, adminToken: Secret<String>
    ) async throws -> Account {
        let email = try EmailAddress.normalized(adminEmail)
        let known = try await stored { () async throws(StoreError) in try await store.credentials(ofEmail: email) }
        var verifier: Secret<String>?
        // Hashing takes a while: not for a password that would not be used.
        if let adminPassword, known?.passwordVerifier == nil { verifier = try await hashed(adminPassword) }
        let account = NewAccount(
            id: try sealed { () throws(IdentityCryptoError) in try crypto.uuid() }, email: email,
            username: EmailAddress.mailbox(email), passwordVerifier: verifier, at: time.now())
        let bootstrap = Bootstrap(
            account: account, tokenDigest: try digest(of: adminToken), tokenName: "bootstrap",
            tokenAlias: AccessTokenForm.alias(adminToken))
        return try await changing { () async throws(StoreError) in try await store.bootstrap(bootstrap) }
    }

    /// Makes an account for whoever asks, when the policy lets people sign up.
    /// - Throws: `signUpDisabled`, `badEmail`, `badPassword`, `emailTaken`.
    public func signUp(email: String, password: Secret<String>) async throws(IdentityError) -> Account {
        guard policy.isSignUpOpen else { throw .signUpDisabled }
        return try await createAccount(email: email, password: password)
    }

    /// Makes an account on behalf of whoever runs the installation. Without a password it cannot sign in until one is
    /// set.
    /// - Throws: `badEmail`, `badPassword`, `invalid` for a name, `emailTaken`.
    public func createAccount(
        email: String, password: Secret<String>?, username: String? = nil, firstName: String? = nil,
        lastName: String? = nil
    ) async throws(IdentityError) -> Account {
        let address = try EmailAddress.normalized(email)
        let names = try checked(ProfileChange(firstName: firstName, lastName: lastName, username: username))
        var verifier: Secret<String>?
        if let password { verifier = try await hashed(password) }
        let account = NewAccount(
            id: try sealed { () throws(IdentityCryptoError) in try crypto.uuid() }, email: address,
            username: names.username ?? EmailAddress.mailbox(address), firstName: names.firstName.nonEmpty,
            lastName: names.lastName.nonEmpty, passwordVerifier: verifier, at: time.now())
        let made = try await changing { () async throws(StoreError) in try await store.insert(account) }
        guard let made else { throw .emailTaken }
        return made
    }

    /// An account.
    /// - Throws: `notFound`.
    public func account(_ id: String) async throws(IdentityError) -> Account {
        let found = try await stored { () async throws(StoreError) in try await store.account(id) }
        guard let found else { throw Self.noAccount }
        return found
    }

    /// An account by its e-mail address, in any case of its letters.
    /// - Throws: `badEmail`, `notFound`.
    public func account(ofEmail email: String) async throws(IdentityError) -> Account {
        let address = try EmailAddress.normalized(email)
        let found = try await stored { () async throws(StoreError) in try await store.credentials(ofEmail: address) }
        guard let found else { throw Self.noAccount }
        return found.account
    }

    /// Sets a password and ends the account's sessions, but for `session`.
    /// - Throws: `badPassword`, `notFound`.
    public func setPassword(
        of account: String, to password: Secret<String>, keeping session: String? = nil
    ) async throws(IdentityError) {
        let verifier = try await hashed(password)
        let now = time.now()
        let isSet = try await changing { () async throws(StoreError) in
            try await store.setPassword(of: account, verifier: verifier, keeping: session, at: now)
        }
        guard isSet else { throw Self.noAccount }
    }

    /// Changes what a profile shows; what is nil stays, and an empty first or last name is taken away.
    /// - Throws: `badEmail`, `emailTaken`, `invalid`, `notFound`.
    public func updateProfile(
        of account: String, firstName: String? = nil, lastName: String? = nil, username: String? = nil,
        email: String? = nil
    ) async throws(IdentityError) -> Account {
        var change = try checked(ProfileChange(firstName: firstName, lastName: lastName, username: username))
        if let email { change.email = try EmailAddress.normalized(email) }
        let (wanted, now) = (change, time.now())
        let outcome = try await changing { () async throws(StoreError) in
            try await store.update(account, wanted, at: now)
        }
        switch outcome {
        case .updated(let account): return account
        case .emailTaken: throw .emailTaken
        case .notFound: throw Self.noAccount
        }
    }

    /// Names as they are stored; empty first and last names stay, as they mean something in a change.
    private func checked(_ change: ProfileChange) throws(IdentityError) -> ProfileChange {
        var names = ProfileChange()
        if let first = change.firstName {
            names.firstName = first.isEmpty ? "" : try IdentityText.name(first, of: "a person")
        }
        if let last = change.lastName {
            names.lastName = last.isEmpty ? "" : try IdentityText.name(last, of: "a person")
        }
        if let username = change.username { names.username = try IdentityText.name(username, of: "a person") }
        return names
    }

    static let noAccount = IdentityError.notFound(what: "such account")
}

extension String? {
    /// Nothing in place of an empty text.
    fileprivate var nonEmpty: String? { self == "" ? nil : self }
}
