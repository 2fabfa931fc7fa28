import Orchestrator
import ProjectKeys
import ProjectModel
import Testing
import TokenKit

@Suite("Keys minted and sealed for a project")
struct SealingKeyMinterTests {
    private let minter: SealingKeyMinter
    private let ref: ProjectRef
    private let otherRef: ProjectRef
    private let now = Timestamp(milliseconds: 1_800_000_000_500)
    private let needs = StackRequirements(
        services: [], ports: [], secrets: [SecretRequirement(name: "JWT_SECRET", alphabet: .alphanumeric, length: 40)],
        tokens: [
            TokenRequirement(name: "ANON_KEY", role: "anon"),
            TokenRequirement(name: "SERVICE_ROLE_KEY", role: "service_role"),
        ], tokenSecret: "JWT_SECRET")

    private struct Claims: Decodable {
        let role: String
        let ref: String
        let iat: Int64
        let exp: Int64
    }

    init() throws {
        minter = SealingKeyMinter(master: try MasterKey(KeyBytes.random(count: 32)), installation: "i1")
        ref = try #require(ProjectRef("abcdefghijklmnopqrst"))
        otherRef = try #require(ProjectRef("abcdefghijklmnopqrsu"))
    }

    private func sealed() throws -> SealedSecrets { try minter.mint(needs, for: ref, given: [:], at: now) }

    @Test("a value sealed later opens with the first ones, under its own name and for its own project only")
    func sealing() throws {
        var secrets = try sealed()
        secrets.values["setting/A"] = try minter.seal(Secret("hunter2"), name: "setting/A", into: secrets, of: ref)
        let opened = try minter.open(secrets, of: ref)
        #expect(opened["setting/A"] == Secret("hunter2") && opened.count == 4)
        secrets.values["setting/B"] = secrets.values["setting/A"]
        let error = #expect(throws: KeyError.self) { try minter.open(secrets, of: ref) }
        #expect("\(String(describing: error))".contains("setting/B"))
        #expect(throws: KeyError.self) { try minter.seal(Secret("x"), name: "A", into: secrets, of: otherRef) }
    }

    @Test("tokens signed with another secret are other tokens, and verify with it alone")
    func rotation() throws {
        let form = try #require(needs.secrets.first)
        let first = try minter.secret(form)
        let second = try minter.secret(form)
        #expect(first != second && first.reveal().count == 40)
        let tokens = try minter.tokens(needs.tokens, signedWith: second, for: ref, at: now)
        #expect(Set(tokens.keys) == ["ANON_KEY", "SERVICE_ROLE_KEY"])
        let anon = try #require(tokens["ANON_KEY"]).reveal()
        #expect(try APIToken.verify(anon, ref: ref, secret: second, at: now).role == "anon")
        #expect(throws: ProjectKeyError.self) { try APIToken.verify(anon, ref: ref, secret: first, at: now) }
        let own = try minter.tokens(
            [TokenRequirement(name: "X", role: "visitor")], signedWith: first, for: ref, at: now)
        #expect(
            try APIToken.verify(try #require(own["X"]).reveal(), ref: ref, secret: first, at: now).role == "visitor")
    }

    @Test(
        "temporary keys are valid for at most an hour, for the requested role",
        arguments: ["anon", "authenticated", "visitor"])
    func temporaryKeys(role: String) throws {
        let secret = Secret(String(repeating: "s", count: 40))
        let key = try minter.temporaryKey(role: role, signedWith: secret, for: ref, at: now, lifetime: .seconds(60))
        let bytes = KeyBytes(Array(secret.reveal().utf8))
        let seconds = now.milliseconds / 1_000
        let claims = try HS256.verify(key.reveal(), secret: bytes, at: seconds, as: Claims.self)
        #expect(claims.role == role && claims.ref == ref.text)
        #expect(claims.iat == seconds && claims.exp == seconds + 60)
        #expect(throws: TokenError.self) {
            try HS256.verify(key.reveal(), secret: bytes, at: seconds + 61, as: Claims.self)
        }
        for lifetime in [Duration.zero, .seconds(-1), .seconds(3_601)] {
            #expect(throws: KeyError.self) {
                try minter.temporaryKey(role: role, signedWith: secret, for: ref, at: now, lifetime: lifetime)
            }
        }
    }

    @Test("opaque keys are well-formed for their project, and no two are the same", arguments: APIKeyKind.allCases)
    func opaqueKeys(kind: APIKeyKind) throws {
        let keys = try (0..<50).map { _ in try minter.opaqueKey(kind, for: ref).reveal() }
        #expect(Set(keys).count == 50)
        for key in keys {
            #expect(key.hasPrefix(kind.prefix) && OpaqueAPIKey.isWellFormed(key, for: ref))
            #expect(!OpaqueAPIKey.isWellFormed(key, for: otherRef) && !key.contains(","))
        }
    }

    @Test("a digest is SHA-256 in lower-case hexadecimal digits")
    func digests() throws {
        #expect(
            try minter.digest(Secret("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }
}
