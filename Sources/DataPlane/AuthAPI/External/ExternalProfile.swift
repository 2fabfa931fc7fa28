import DataPlaneCore

/// A user as a provider describes it.
struct ExternalProfile: Sendable, Equatable {
    /// Longest id of a user at a provider.
    static let subjectBytesMax = 255
    /// Most addresses that are looked at.
    static let emailsMax = 32

    struct Email: Sendable, Equatable {
        /// In lower case.
        var address: String
        var isVerified: Bool
        var isPrimary: Bool
    }

    let issuer: String
    let subject: String
    private(set) var emails: [Email] = []
    var claims: [JSONText.Member] = []
    var custom: [JSONText.Member] = []

    init(issuer: String, subject: String) {
        self.issuer = issuer
        self.subject = subject
    }

    /// Adds an address; what is none is left out.
    mutating func add(_ text: String, isVerified: Bool, isPrimary: Bool) {
        guard emails.count < Self.emailsMax, let email = EmailAddress(text) else { return }
        if let known = emails.firstIndex(where: { $0.address == email.text }) {
            emails[known].isVerified = emails[known].isVerified || isVerified
            emails[known].isPrimary = emails[known].isPrimary || isPrimary
        } else {
            emails.append(Email(address: email.text, isVerified: isVerified, isPrimary: isPrimary))
        }
    }

    /// The address of an account that is made for this user: a verified one where there is any.
    var candidate: Email? {
        emails.first { $0.isVerified && $0.isPrimary } ?? emails.first { $0.isVerified }
            ?? emails.first { $0.isPrimary } ?? emails.first
    }

    var verifiedAddresses: [String] { emails.filter(\.isVerified).map(\.address) }

    /// What the identity keeps of the user, bounded.
    ///
    /// - Throws: `validation_failed` for more than an identity holds.
    func identityData() throws(AuthError) -> JSONText {
        var known: [JSONText.Member] = [
            .init("iss", .string(issuer)), .init("sub", .string(subject)), .init("provider_id", .string(subject)),
        ]
        if let candidate { known.append(.init("email", .string(candidate.address))) }
        known += [
            .init("email_verified", .bool(candidate?.isVerified ?? false)), .init("phone_verified", .bool(false)),
        ]
        if !custom.isEmpty { known.append(.init("custom_claims", .object(custom))) }
        let data = Metadata.merge(.object(claims), known)
        guard Metadata.isBounded(data), data.isStorable else { throw .tooMuchMetadata }
        return data
    }
}
