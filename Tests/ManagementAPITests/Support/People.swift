import APIKit
import Identity
import ManagementAPI
import ProjectModel

/// People of the tests, each with a token, and what they are in the organization `default`.
enum Person: String, CaseIterable {
    case owner, administrator, developer, readOnly
    /// A member of another organization only.
    case stranger

    /// Their personal access token.
    var token: String {
        let digit = String(Self.allCases.firstIndex(of: self) ?? 0)
        return "sbp_" + String(repeating: "012345678\(digit)", count: 4)
    }

    /// Who they are.
    var account: Account {
        let number = Int64((Self.allCases.firstIndex(of: self) ?? 0) + 1)
        let time = Timestamp(milliseconds: 1_700_000_000_000)
        return Account(
            number: number, id: "00000000-0000-4000-8000-00000000000\(number)",
            email: "\(rawValue.lowercased())@example.com", username: rawValue, insertedAt: time, updatedAt: time)
    }

    /// Who they are when they ask.
    var principal: Principal {
        Principal(account: account, credential: .accessToken(account.number), memberships: memberships)
    }

    private var memberships: [Membership] {
        let role: BaseRole =
            switch self {
            case .owner, .stranger: .owner
            case .administrator: .administrator
            case .developer: .developer
            case .readOnly: .readOnly
            }
        return self == .stranger
            ? [Membership(organizationSlug: "elsewhere", organizationNumber: 2, roles: [Role(role)])]
            : [Membership(organizationSlug: "default", organizationNumber: 1, roles: [Role(role)])]
    }
}

/// Knows a few tokens by heart.
struct TokenTable: AccessTokenVerifier {
    var principals: [String: Principal] = Dictionary(
        uniqueKeysWithValues: Person.allCases.map { ($0.token, $0.principal) })

    func principal(for token: Secret<String>) async throws(AccessTokenError) -> Principal? {
        principals[token.reveal()]
    }

    func holds(_ principal: Principal) async throws(AccessTokenError) -> Bool {
        principals.values.contains { $0.credential == principal.credential }
    }
}
