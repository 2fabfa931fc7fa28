import ProjectKeys
import ProjectModel
import Testing
import TokenKit

@Suite("API tokens")
struct APITokenTests {
    private let ref: ProjectRef
    private let secret = Secret("0123456789abcdefghijklmnopqrstuvwxyzABCD")
    private let issued = Timestamp(milliseconds: 1_795_231_020_123)

    init() throws {
        ref = try #require(ProjectRef("abcdefghijklmnopqrst"))
    }

    @Test(
        "a token holds role, issuer, ref and times, and is the same every time",
        arguments: ["anon", "service_role", "web visitor"])
    func claims(role: String) throws {
        let expiry = issued + .seconds(3_600)
        let token = try APIToken.mint(role: role, ref: ref, secret: secret, issuedAt: issued, expiry: expiry)
        let again = try APIToken.mint(role: role, ref: ref, secret: secret, issuedAt: issued, expiry: expiry)
        #expect(token == again)
        let claims = try APIToken.verify(token.reveal(), ref: ref, secret: secret, at: issued)
        #expect(claims.role == role)
        #expect(claims.iss == "supabase" && claims.ref == ref.text)
        #expect(claims.iat == 1_795_231_020 && claims.exp == 1_795_234_620)
    }

    @Test("a token of another project, another secret or another time is refused")
    func refused() throws {
        let token = try APIToken.mint(
            role: "anon", ref: ref, secret: secret, issuedAt: issued, expiry: issued + .seconds(60)
        ).reveal()
        let other = try #require(ProjectRef("zzzzzzzzzzzzzzzzzzzz"))
        #expect(throws: ProjectKeyError.self) { try APIToken.verify(token, ref: other, secret: secret, at: issued) }
        #expect(throws: ProjectKeyError.crypto(.invalidSignature)) {
            try APIToken.verify(token, ref: ref, secret: secret.map { $0 + "x" }, at: issued)
        }
        #expect(throws: ProjectKeyError.crypto(.expired)) {
            try APIToken.verify(token, ref: ref, secret: secret, at: issued + .seconds(60))
        }
    }

    @Test("a secret that is too short signs nothing")
    func shortSecret() {
        #expect(throws: ProjectKeyError.self) {
            try APIToken.mint(
                role: "anon", ref: ref, secret: Secret("short"), issuedAt: issued, expiry: issued + .seconds(60))
        }
    }

    @Test("the projects of one day expire on many days, each always on the same, within the limits")
    func staggered() throws {
        var random = SystemRandomNumberGenerator()
        let policy = APITokenPolicy()
        var days: Set<Int64> = []
        for _ in 0..<300 {
            let ref = ProjectRef(using: &random)
            let expiry = try policy.expiry(of: ref, issuedAt: issued)
            #expect(try policy.expiry(of: ref, issuedAt: issued) == expiry)
            let validity = expiry.since(issued)
            #expect(validity >= .seconds(3_650 * 86_400) && validity < .seconds((3_650 + 180) * 86_400))
            days.insert(expiry.milliseconds / 86_400_000)
        }
        // 300 draws from 180 days leave about 34 days out; fewer than 90 different ones are no spread at all.
        #expect(days.count > 90)
    }

    @Test("without a spread all validities are the same")
    func noSpread() throws {
        var policy = APITokenPolicy()
        policy.spreadDays = 0
        policy.validityDays = 1
        #expect(try policy.expiry(of: ref, issuedAt: issued) == issued + .seconds(86_400))
    }
}
