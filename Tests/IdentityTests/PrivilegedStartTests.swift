import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import Identity

/// Every way in which the installation grants rights automatically, against every address that an attacker can bring an
/// account of theirs to have.
@Suite("Privileged starts")
struct PrivilegedStartTests {
    /// How the attacker came to the address.
    enum Hold: CaseIterable, Sendable {
        case signedUp, pending, confirmedByMistake
    }

    /// Which address.
    enum Address: String, CaseIterable, Sendable {
        /// The one that the settings name now.
        case configured = "boss@corp.test"
        /// The one that the first account had when it was made.
        case former = "owner@example.com"
        /// One that the settings name at a later start.
        case later = "ops@corp.test"
    }

    /// What the installation does automatically.
    enum Start: CaseIterable, Sendable {
        case sameAddress, otherAddress, otherToken
    }

    @Test(
        "no start gives the holder of an address anything, whichever address and however they came to it",
        arguments: Hold.allCases, Address.allCases)
    func starts(hold: Hold, address: Address) async throws {
        for start in Start.allCases {
            let host = try await IdentityHost {
                $0.isSignUpOpen = true
                $0.reservedEmails = hold == .confirmedByMistake ? [] : ["boss@corp.test"]
            }
            let owner = try await host.owner
            // The administrator moves to another address, so that the one of the first start is free.
            _ = try await host.store.setPendingEmail(of: owner.account.id, to: "away@corp.test", at: host.time.now())
            _ = try await host.directory.confirmEmail("away@corp.test", of: owner.account.id)
            guard let attacker = try await self.attacker(host, hold: hold, address: address) else { continue }
            let other = Secret("sbp_" + String(repeating: "ab", count: 20))
            let token = start == .otherToken ? other : IdentityHost.adminToken
            let named = start == .otherAddress ? Address.later.rawValue : address.rawValue
            let account = try await host.directory.bootstrap(
                adminEmail: named, adminPassword: Secret("from the settings"), adminToken: token)
            #expect(account.id == owner.account.id, "\(start)")
            #expect(try await host.directory.principal(for: token)?.account.id == owner.account.id)
            let members = try await host.directory.members(of: IdentityHost.slug)
            #expect(members.map(\.account.id) == [owner.account.id], "\(start)")
            #expect(try await host.directory.accessTokens(.personal, of: attacker.id).isEmpty)
        }
    }

    @Test(
        "no start gives a first administrator back what the organization took away",
        arguments: [nil, BaseRole.readOnly])
    func removedAdministrator(role: BaseRole?) async throws {
        let host = try await IdentityHost()
        let (first, other) = (try await host.owner, try await host.person("other", .owner))
        if let role {
            try await host.directory.addMember(first.account.id, to: IdentityHost.slug, as: role)
        } else {
            try await host.directory.removeMember(first.account.id, from: IdentityHost.slug, by: other)
        }
        for token in [IdentityHost.adminToken, Secret("sbp_" + String(repeating: "ab", count: 20))] {
            _ = try await host.directory.bootstrap(
                adminEmail: "owner@example.com", adminPassword: nil, adminToken: token)
            let principal = try await host.directory.principal(for: token)
            #expect(principal?.account.id == first.account.id)
            #expect(principal?.permissions(in: IdentityHost.slug) == role?.permissions ?? [])
        }
        // The operator, on the host, has a way back and takes it by identifier.
        try await host.directory.appoint(first.account.id)
        #expect(try await host.owner.permissions(in: IdentityHost.slug) == BaseRole.owner.permissions)
    }

    /// Another account that has the address or wants it; nil where the installation did not allow that.
    private func attacker(_ host: IdentityHost, hold: Hold, address: Address) async throws -> Account? {
        if hold == .signedUp {
            do throws(IdentityError) {
                return try await host.directory.signUp(email: address.rawValue, password: IdentityHost.password)
            } catch {
                #expect(error == .emailTaken && address == .configured)
                return nil
            }
        }
        let account = try await host.directory.signUp(email: "mallory@evil.test", password: IdentityHost.password)
        let principal = try await host.principal(account.email)
        do throws(IdentityError) {
            _ = try await host.directory.requestEmail(address.rawValue, for: principal)
        } catch {
            #expect(error == .emailTaken && address == .configured)
            return nil
        }
        if hold == .confirmedByMistake {
            return try await host.directory.confirmEmail(address.rawValue, of: account.id)
        }
        return try await host.directory.account(account.id)
    }

    @Test("the first start refuses an address that another account has, instead of giving that account everything")
    func firstStart() async throws {
        let store = InMemoryIdentityStore()
        let directory = AccountDirectory(
            store: store, crypto: PlainIdentityCrypto(), policy: IdentityPolicy(issuer: "test", isSignUpOpen: true))
        let squatter = try await directory.signUp(email: "boss@corp.test", password: IdentityHost.password)
        await #expect(throws: IdentityError.self) { () async throws in
            try await directory.bootstrap(
                adminEmail: "boss@corp.test", adminPassword: nil, adminToken: IdentityHost.adminToken)
        }
        #expect(try await directory.members(of: IdentityHost.slug).isEmpty)
        try await directory.appoint(squatter.id)
        let account = try await directory.bootstrap(
            adminEmail: "other@corp.test", adminPassword: nil, adminToken: IdentityHost.adminToken)
        #expect(account.id == squatter.id)
    }

    @Test("an unconfirmed address takes up no invitation", arguments: Hold.allCases)
    func invitations(hold: Hold) async throws {
        let host = try await IdentityHost { $0.isSignUpOpen = true }
        let owner = try await host.owner
        // Before the invitation, as its address is reserved afterwards.
        let early = try await host.directory.signUp(email: "guest@corp.test", password: IdentityHost.password)
        let (invitation, token) = try await host.directory.invite(
            email: "guest@corp.test", role: 3, projects: nil, to: IdentityHost.slug, by: owner)
        func accept(_ account: Account) async -> IdentityError? {
            await refusal { () async throws(IdentityError) in
                try await host.directory.acceptInvitation(token, by: account.id)
            }
        }
        switch hold {
        case .signedUp: #expect(await accept(early)?.isForbidden == true)
        case .pending:
            let mallory = try await host.directory.signUp(email: "mallory@evil.test", password: IdentityHost.password)
            let asked = await refusal { () async throws(IdentityError) in
                try await host.directory.requestEmail("guest@corp.test", for: try await principal(host, mallory))
            }
            #expect(asked == .emailTaken)
            #expect(await accept(mallory)?.isForbidden == true)
        case .confirmedByMistake:
            // An administrator of the installation confirms it: then it is theirs.
            let confirmed = try await host.directory.confirmEmail("guest@corp.test", of: early.id)
            #expect(await accept(confirmed) == nil)
            return
        }
        #expect(try await host.directory.members(of: IdentityHost.slug).count == 1)
        #expect(try await host.directory.invitations(of: IdentityHost.slug) == [invitation])
    }

    private func principal(_ host: IdentityHost, _ account: Account) async throws(IdentityError) -> Principal {
        Principal(account: account, credential: .session("s"), memberships: [])
    }

    @Test("with sign-up closed an invitation makes its account, with its role and no other, once")
    func accountFromInvitation() async throws {
        let host = try await IdentityHost()
        let owner = try await host.owner
        let (_, token) = try await host.directory.invite(
            email: "guest@corp.test", role: 3, projects: nil, to: IdentityHost.slug, by: owner)
        let (account, organization) = try await host.join(token)
        #expect(account.email == "guest@corp.test" && account.isEmailVerified && organization.slug == IdentityHost.slug)
        let guest = try await host.principal("guest@corp.test")
        #expect(guest.permissions(in: IdentityHost.slug) == BaseRole.developer.permissions)
        let again = await refusal { () async throws(IdentityError) in
            try await host.join(token)
        }
        #expect(again?.isNotFound == true)
        // Another organization confirms no address.
        let other = try await host.directory.createOrganization(name: "Other", by: guest.account.id)
        let (_, second) = try await host.directory.invite(
            email: "friend@corp.test", role: 1, projects: nil, to: other.slug, by: try await host.again(guest))
        let (friend, _) = try await host.join(second)
        #expect(!friend.isEmailVerified)
        #expect(try await host.principal("friend@corp.test").organizationSlugs == [other.slug])
    }

    @Test("an invitation vouches for an address only as long as its maker administers the installation")
    func vouchingEnds() async throws {
        let host = try await IdentityHost()
        let maker = try await host.person("maker", .owner)
        let own = try await host.directory.createOrganization(name: "Own", by: maker.account.id)
        let (_, token) = try await host.directory.invite(
            email: "guest@corp.test", role: 3, projects: nil, to: own.slug, by: try await host.again(maker))
        try await host.directory.addMember(maker.account.id, to: IdentityHost.slug, as: .administrator)
        let (account, _) = try await host.join(token)
        #expect(!account.isEmailVerified)
    }
}
