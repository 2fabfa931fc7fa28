import DataPlaneCore
import PostgresKit
import PostgresTestSupport
import Testing
import TokenKit

@testable import AuthAPI

@Suite(
    "Second factors of the AUTH API",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster, .serialized)
struct SecondFactorTests {
    private static let number = "15550000001"
    private static let phone = #"{"factor_type":"phone","friendly_name":"phone","phone":"\#(number)"}"#

    private func fixture() async throws -> AuthFixture {
        try await AuthFixture.with {
            $0.sms.testCodes = [Self.number: "123456"]
            $0.mfa.canEnrollPhone = true
            $0.mfa.canVerifyPhone = true
            $0.mfa.phoneGapSeconds = 0
        }
    }

    private func enroll(_ fixture: AuthFixture, _ body: String, token: String) async -> AuthFixture.Answer {
        await fixture.ask("POST", "/factors", token: token, body: body)
    }

    private func verify(
        _ fixture: AuthFixture, _ id: String, code: String, token: String
    ) async -> AuthFixture.Answer {
        let challenge = await fixture.ask("POST", "/factors/\(id)/challenge", token: token, body: "{}")
        guard challenge.status == 200 else { return challenge }
        return await fixture.ask(
            "POST", "/factors/\(id)/verify", token: token,
            body: #"{"challenge_id":"\#(challenge.text("id"))","code":"\#(code)"}"#)
    }

    /// Enrolls an application and proves it: the answer of the session that is raised.
    private func raise(_ fixture: AuthFixture, token: String) async throws -> AuthFixture.Answer {
        let enrolled = await enroll(fixture, #"{"factor_type":"totp"}"#, token: token)
        let secret = try #require(Base32.decode(enrolled.text("totp", "secret")))
        let code = try TOTP.code(secret: secret, step: TOTP.step(at: fixture.service.clock()))
        return await verify(fixture, enrolled.text("id"), code: code, token: token)
    }

    private func signIn(_ fixture: AuthFixture) async -> String {
        await fixture.ask(
            "POST", "/token?grant_type=password", body: #"{"email":"a@b.example","password":"password1"}"#
        ).text("access_token")
    }

    @Test("a factor that was enrolled beside the first one is gone when that is verified")
    func plantedBefore() async throws {
        let fixture = try await fixture()
        let token = await fixture.signUp("a@b.example").text("access_token")
        let planted = await enroll(fixture, Self.phone, token: token)
        #expect(planted.status == 200, "\(planted)")
        #expect(try await raise(fixture, token: token).status == 200)
        let answer = await verify(fixture, planted.text("id"), code: "123456", token: await signIn(fixture))
        #expect(answer.code == "mfa_factor_not_found", "\(answer)")
        #expect(try await fixture.count("auth.mfa_factors") == 1)
    }

    @Test("a session of the first level verifies no further factor")
    func insufficientLevel() async throws {
        let fixture = try await fixture()
        let first = await fixture.signUp("a@b.example").text("access_token")
        let raised = try await raise(fixture, token: first).text("access_token")
        let factor = await enroll(fixture, Self.phone, token: raised)
        #expect(factor.status == 200, "\(factor)")
        let refused = await verify(fixture, factor.text("id"), code: "123456", token: await signIn(fixture))
        #expect(refused.status == 403 && refused.code == "insufficient_aal", "\(refused)")
        #expect(await verify(fixture, factor.text("id"), code: "123456", token: raised).status == 200)
    }

    @Test("a factor that waited too long is verified no more")
    func tooOld() async throws {
        let fixture = try await fixture()
        let token = await fixture.signUp("a@b.example").text("access_token")
        let factor = await enroll(fixture, Self.phone, token: token)
        let seconds = fixture.service.configuration.mfa.factorSeconds + 1
        try await fixture.pool.execute(
            "UPDATE auth.mfa_factors SET created_at = now() - $1::int * interval '1 second'", [.int(seconds)])
        let answer = await verify(fixture, factor.text("id"), code: "123456", token: token)
        #expect(answer.code == "mfa_factor_not_found", "\(answer)")
    }
}
