import PasswordKit
import Testing
import TokenKit

@testable import AuthAPI

@Suite("Servers of others")
struct OutboundTests {
    @Test("only some settings lead to them")
    func settings() throws {
        #expect(!AuthConfiguration().asksOthers)
        let leading: [(inout AuthConfiguration) throws -> Void] = [
            { $0.external.allowedIssuers = ["https://issuer.example"] },
            {
                var provider = ExternalProvider()
                provider.isEnabled = true
                $0.external.providers["google"] = provider
            },
            { $0.hooks[.sendSMS] = .server(url: "https://hooks.example", secrets: []) },
            { $0.checksLeaks = true },
            { $0.captcha = CaptchaConfiguration(provider: .turnstile, secret: "secret") },
        ]
        for change in leading {
            var configuration = AuthConfiguration()
            try change(&configuration)
            #expect(configuration.asksOthers)
        }
        let quiet: [(inout AuthConfiguration) -> Void] = [
            { $0.external.providers["google"] = ExternalProvider() },
            { $0.hooks[.sendSMS] = .function(schema: "public", name: "send") },
            { $0.autoconfirmsPhone = true },
        ]
        for change in quiet {
            var configuration = AuthConfiguration()
            change(&configuration)
            #expect(!configuration.asksOthers)
        }
    }

    @Test(
        "how a way to providers fails",
        arguments: [
            (OutboundFailure.timedOut, "did not answer in time"), (.tooLarge, "more than"),
            (.unreachable("no route"), "no route"),
        ])
    func failures(failure: OutboundFailure, words: String) async {
        let exchange = ProviderExchange(http: StubHTTP(.failure(failure)))
        let error = await #expect(throws: ProviderFailure.self) {
            _ = try await exchange.answer(to: .provider("GET", "https://provider.example"))
        }
        #expect(error?.description.contains(words) == true)
    }

    @Test("requests to providers have their bounds, and ask for JSON")
    func bounds() async throws {
        let http = StubHTTP()
        let exchange = ProviderExchange(http: http)
        _ = try await exchange.answer(to: .provider("GET", "https://provider.example", headers: [("A", "b")]))
        _ = try await exchange.answer(to: .provider(form: [("code", "a&b")], to: "https://provider.example"))
        for request in http.requests {
            #expect(request.responseBytesMax == ProviderLimits.answerBytesMax)
            #expect(request.timeout == ProviderLimits.exchangeTimeout)
            #expect(request.headers.contains { $0 == ("Accept", "application/json") })
        }
        #expect(http.requests.map(\.method) == ["GET", "POST"])
        #expect(http.field("code") == "a&b")
        http.always(.success(OutboundResponse(status: 200, body: [UInt8](repeating: 32, count: (512 << 10) + 1))))
        await #expect(throws: ProviderFailure.self) {
            _ = try await exchange.answer(to: .provider("GET", "https://provider.example"))
        }
        await #expect(throws: ProviderFailure.self) {
            _ = try await ProviderExchange(http: nil).answer(to: .provider("GET", "https://provider.example"))
        }
    }
}
