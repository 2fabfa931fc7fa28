import DataPlaneCore
import Testing
import TokenKit

@testable import AuthAPI

@Suite("Providers of text messages")
struct SMSProviderTests {
    private func sender(_ name: String, _ http: StubHTTP, with more: [String: String] = [:]) throws -> SMSSender {
        let provider = try #require(SMSProvider.all.first { $0.name == name })
        let settings = Dictionary(uniqueKeysWithValues: provider.settingNames.map { ($0.name, "x-\($0.name)") })
        return SMSSender(
            account: .init(provider: provider, settings: settings.merging(more) { _, other in other }), http: http)
    }

    private func message(channel: String = "sms", text: String = "Your code is 123456") throws -> TextMessage {
        let user = try #require(UserRecord(#"{"user":{"id":"u"}}"#))
        return TextMessage(
            purpose: .confirmation, phone: "15551234567", code: "123456", channel: channel, text: text, user: user,
            takeBack: .code(.confirmation, hash: ""))
    }

    @Test(
        "each provider takes its form and names the message",
        arguments: [
            ("twilio", #"{"sid":"m1","status":"queued"}"#, "To=%2B15551234567"),
            ("twilio_verify", #"{"sid":"m1","status":"pending"}"#, "To=%2B15551234567"),
            ("messagebird", #"{"id":"m1","recipients":{"totalSentCount":1}}"#, "recipients=15551234567"),
            ("textlocal", #"{"status":"success","messages":[{"id":"m1"}]}"#, "numbers=15551234567"),
            ("vonage", #"{"messages":[{"status":"0","message-id":"m1"}]}"#, "type=text"),
        ])
    func forms(name: String, answer: String, part: String) async throws {
        let http = StubHTTP(.success(StubHTTP.json(answer)))
        #expect(try await sender(name, http).send(message()) == "m1")
        let body = String(decoding: try #require(http.requests.first).body, as: UTF8.self)
        #expect(body.contains(part), "\(body)")
        #expect(!body.contains("{") && !body.contains("%7B"))
    }

    @Test(
        "what a provider did not take is no success",
        arguments: [
            ("twilio", 200, #"{"sid":"m1","status":"failed","error_message":"no route"}"#, "no route"),
            ("twilio", 401, #"{"message":"Authenticate"}"#, "Authenticate"),
            (
                "messagebird", 200, #"{"id":"m1","recipients":{"totalSentCount":0}}"#,
                "the provider answered with status 200"
            ),
            ("messagebird", 422, #"{"errors":[{"description":"no recipient"}]}"#, "no recipient"),
            ("textlocal", 200, #"{"status":"failure","errors":[{"code":4,"message":"no credit"}]}"#, "no credit"),
            ("vonage", 200, #"{"messages":[{"status":"4","error-text":"Bad Credentials"}]}"#, "Bad Credentials"),
            ("vonage", 200, #"{"messages":[]}"#, "the provider answered with status 200"),
            ("vonage", 200, "no JSON", "the provider answered with status 200"),
        ])
    func failures(name: String, status: Int, answer: String, words: String) async throws {
        let sender = try sender(name, StubHTTP(.success(StubHTTP.json(answer, status: status))))
        await #expect(throws: SMSSender.Failure(message: words)) { try await sender.send(message()) }
    }

    @Test("a provider that is away says so, without its address")
    func away() async throws {
        let sender = try sender("vonage", StubHTTP(.failure(.timedOut)))
        await #expect(throws: SMSSender.Failure(message: "the provider did not answer in time")) {
            try await sender.send(message())
        }
    }

    @Test("whatsapp goes by its own form, where the provider has it")
    func whatsApp() async throws {
        let http = StubHTTP(.success(StubHTTP.json(#"{"sid":"m1","status":"queued"}"#)))
        _ = try await sender("twilio", http, with: ["MESSAGE_SERVICE_SID": "15550000000"]).send(
            message(channel: "whatsapp"))
        #expect(http.field("To") == "whatsapp:+15551234567" && http.field("From") == "whatsapp:15550000000")
        #expect(http.field("ContentVariables") == #"{"1":"123456"}"#)
        let vonage = try sender("vonage", http)
        await #expect(throws: SMSSender.Failure.self) { try await vonage.send(message(channel: "whatsapp")) }
    }

    @Test("authorization is the account's, texts in other letters are marked")
    func authorization() async throws {
        let http = StubHTTP(.success(StubHTTP.json(#"{"sid":"m1"}"#)))
        _ = try await sender("twilio", http).send(message())
        #expect(
            http.requests[0].headers.contains {
                $0.name == "Authorization"
                    && $0.value == "Basic \(Base64.encode(Array("x-ACCOUNT_SID:x-AUTH_TOKEN".utf8)))"
            })
        http.always(.success(StubHTTP.json(#"{"messages":[{"status":"0"}]}"#)))
        _ = try await sender("vonage", http).send(message(text: "Ihr Schlüssel: 1"))
        #expect(http.field("type") == "unicode" && http.field("text") == "Ihr Schlüssel: 1")
    }

    @Test("values are not filled in a second time")
    func filling() {
        #expect(SMSSender.filled("{a}-{b}-{c", ["a": "{b}", "b": "2"]) == "{b}-2-{c")
        #expect(SMSSender.filled(#"{"1":"{a}"}"#, ["a": "x"]) == #"{"1":"x"}"#)
    }

    @Test("codes for tests are read, or refused")
    func testCodes() {
        #expect(
            SMSConfiguration.testCodes("+15551234567=123456, 15557654321:654321") == [
                "15551234567": "123456", "15557654321": "654321",
            ])
        for text in ["x=123456", "15551234567", "15551234567=abc", "15551234567=12=34"] {
            #expect(SMSConfiguration.testCodes(text) == nil)
        }
        var sms = SMSConfiguration()
        sms.testCodes = ["1555": "123456"]
        sms.testCodesEnd = SMSConfiguration.seconds(ofTime: "2030-01-31T12:00:00Z")
        #expect(sms.testCodesEnd == 1_896_091_200)
        #expect(sms.testCode("1555", at: 1_896_091_200) == "123456" && sms.testCode("1555", at: 1_896_091_201) == nil)
    }
}
