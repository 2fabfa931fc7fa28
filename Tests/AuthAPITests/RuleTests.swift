import Clients
import DataPlaneCore
import PasswordKit
import Testing

@testable import AuthAPI

@Suite("Rules of the AUTH API")
struct RuleTests {
    @Test(
        "addresses are read in lower case",
        arguments: [
            ("A@B.example", "a@b.example"), (" a.b+c@d-e.example ", "a.b+c@d-e.example"),
            ("a@localhost", "a@localhost"),
            ("jürgen@bücher.example", "jürgen@bücher.example"),
        ])
    func addressesAreReadInLowerCase(_ text: String, _ expected: String) {
        #expect(EmailAddress(text)?.text == expected)
    }

    @Test(
        "what is no address is refused",
        arguments: [
            "", "a", "a@", "@b", "a@b@c", "a b@c.example", ".a@b.example", "a..b@c.example", "a@-b.example",
            "a@b..example",
            "a@b.example\r\nBcc: c@d.example", "a@b.example>", "a<b@c.example", "\"a\"@b.example", "a@b\u{0}.example",
            String(repeating: "a", count: 65) + "@b.example", "a@" + String(repeating: "b", count: 64) + ".example",
        ])
    func whatIsNoAddressIsRefused(_ text: String) { #expect(EmailAddress(text) == nil) }

    @Test("phone numbers lose their plus sign")
    func phoneNumbersLoseTheirPlusSign() {
        #expect(PhoneNumber("+1 555 123 4567")?.digits == "15551234567")
        #expect(PhoneNumber("15551234567")?.digits == "15551234567")
        for text in ["", "+", "0123456", "123a", "1234567890123456", "4-5"] { #expect(PhoneNumber(text) == nil) }
    }

    @Test("passwords name every weakness")
    func passwordsNameEveryWeakness() throws {
        var configuration = AuthConfiguration()
        configuration.passwordLengthMin = 8
        configuration.requirePasswordCharacters(#"abc:0123\::!"#)
        #expect(configuration.passwordCharacterSets == ["abc", "0123:", "!"])
        let rules = PasswordRules(configuration)
        try rules.check("abc0123!")
        let weak = #expect(throws: AuthError.self) { try rules.check("zz") }
        #expect(weak?.weaknesses == [.length, .characters])
        #expect(weak?.code == "weak_password" && weak?.status == 422)
        let long = #expect(throws: AuthError.self) { try rules.check(String(repeating: "a", count: 1_025)) }
        #expect(long?.code == "validation_failed")
    }

    @Test("the least length cannot be configured away")
    func theLeastLengthCannotBeConfigured() {
        var configuration = AuthConfiguration()
        configuration.passwordLengthMin = 0
        #expect(throws: AuthError.self) { try PasswordRules(configuration).check("12345") }
    }

    // MARK: Redirects

    private func rules(_ globs: String...) -> RedirectRules {
        var configuration = AuthConfiguration()
        configuration.siteURL = "https://app.example"
        configuration.redirectGlobs = globs
        return RedirectRules(configuration)
    }

    @Test(
        "the site itself is allowed",
        arguments: [
            "https://app.example", "https://app.example/path?x=1#y", "https://app.example:443/", "HTTPS://APP.example/",
        ])
    func theSiteItselfIsAllowed(_ target: String) { #expect(rules().isAllowed(target)) }

    @Test(
        "what only looks like the site is not",
        arguments: [
            "http://app.example", "https://app.example.evil.example", "https://app.example:8443", "//app.example",
            "https://app.example@evil.example", "javascript:alert(1)", "data:text/html,x", "https://app.example\\@evil",
            "https:app.example", "", "app.example", "https://app.example\n.evil.example", "https://[app.example",
        ])
    func whatOnlyLooksLikeTheSite(_ target: String) {
        #expect(!rules("https://*.app.example/**").isAllowed(target))
        #expect(rules().target(target) == "https://app.example")
    }

    @Test("the port of this machine is free")
    func thePortOfThisMachineIs() {
        var configuration = AuthConfiguration()
        configuration.siteURL = "http://localhost:3000"
        #expect(RedirectRules(configuration).isAllowed("http://localhost:5173/callback"))
        #expect(!RedirectRules(configuration).isAllowed("http://127.0.0.2:3000"))
    }

    @Test("globs cross dots and slashes only where they say so")
    func globsCrossDotsAndSlashesOnly() {
        let some = rules("https://*.pages.example/*", "myapp://**", "https://two.example/{a,b}?")
        #expect(some.isAllowed("https://pr-1.pages.example/x"))
        #expect(!some.isAllowed("https://a.b.pages.example/x"))
        #expect(!some.isAllowed("https://pr-1.pages.example/x/y"))
        #expect(!some.isAllowed("https://evil.example/pages.example/x"))
        #expect(some.isAllowed("myapp://login/callback?code=1"))
        #expect(some.isAllowed("https://two.example/b1#x"))
        #expect(!some.isAllowed("https://two.example/c1"))
        #expect(rules("https://**.example/**").isAllowed("https://a.b.example/c/d"))
    }

    @Test("addresses of machines are never allowed by a glob")
    func addressesOfMachinesAreNeverAllowed() {
        for target in ["http://2130706433/", "http://10.0.0.1/", "http://[::ffff:10.0.0.1]/"] {
            #expect(!rules("http://**").isAllowed(target), "\(target)")
        }
        #expect(rules("http://127.0.0.1:*/**").isAllowed("http://127.0.0.1:8080/x"))
    }

    @Test(
        "a host that browsers read as another one is not allowed",
        arguments: [
            "https://evil%2Ecom?.example.com/", "https://evil。com?.example.com/", "https://0x5DB8D822?.example.com/",
            "https://evil.com?.example.com/", "https://evil.com#.example.com/", "https://evil.com/.example.com/",
            "https://evil%2ecom/.example.com/", "https://evil．com/.example.com/", "https://evil.com%2F.example.com/",
            "https://user@a.example.com/", "https://user:x@a.example.com/", "https://a%40b.example.com/",
            "https://evil.com\\.example.com/", "https:\\\\evil.com/.example.com/", "https:/evil.com/.example.com/",
            "https:evil.com/.example.com/", "https:///evil.com/.example.com/", "https://evil\t.com/.example.com/",
            "https://evil\n.example.com/", "https://a_b.example.com/", "https://ａ.example.com/",
            "https://\u{212A}.example.com/",
            "https://a\u{AD}.example.com/", "https://a.example.com:x/", "https://a.example.com:+443/",
            "https://a.example.com:99999/", "https://a.example.com:443@evil.com/", "https://[::1].example.com/",
            "https://[a.example.com]/", "https://93.184.216.34?.example.com/", "https://1572395042?.example.com/",
            "https://.example.com/", "https://evil.com\u{7F}.example.com/", "blob:https://a.example.com/x",
            "view-source:https://a.example.com/", "ws:a.example.com/", "https://a.example.com.evil.com/",
        ])
    func otherHosts(_ target: String) {
        #expect(!rules("https://*.example.com/**").isAllowed(target))
        #expect(!rules("https://*.example.com/*").isAllowed(target))
    }

    @Test(
        "a numeric host has to be listed as it stands",
        arguments: [
            "http://10.0.0.1/x", "http://167772161/x", "http://0xA000001/x", "http://a.0x1/x", "http://a.1/x",
            "http://10.1/x", "http://10.0.0.1./x", "http://[fd00::1]/x", "http://012.0.0.1/x",
        ])
    func numericHosts(_ target: String) {
        #expect(!rules("http://**", "http://*/*", "http://*.*/**", "http://**/**", "**").isAllowed(target))
    }

    @Test("listed addresses, ports, plain authorities and unusual paths")
    func listedHosts() {
        #expect(rules("http://10.0.0.1/**").isAllowed("http://10.0.0.1/x"))
        #expect(!rules("http://10.0.0.1/**").isAllowed("http://10.0.0.1:81/x"))
        #expect(rules("http://[fd00::1]:*/**").isAllowed("http://[FD00::1]:8080/x"))
        #expect(rules("https://*.example.com/**").isAllowed("https://A-1.Example.com/x?a=https://evil.com#y"))
        #expect(rules("https://*.example.com/**").isAllowed("https://a.example.com?x=1"))
        #expect(rules("https://*.example.com").isAllowed("https://a.example.com"))
        #expect(!rules("https://*.example.com").isAllowed("https://a.example.com/x"))
        #expect(rules("https://*.example.com**").isAllowed("https://a.example.com/x/y"))
        #expect(rules("https://**").isAllowed("https://any.example/x"))
        #expect(!rules("https://two.example/a/**").isAllowed("https://two.example/a/../b"))
        #expect(!rules("https://two.example/a/**").isAllowed("https://two.example/a/%2E%2e/b"))
        #expect(rules("com.app:/callback").isAllowed("com.app:/callback"))
        #expect(rules("myapp://**").isAllowed("myapp://10/x"))
    }

    // MARK: Metadata

    @Test("metadata is merged key by key, and the last value of a name counts")
    func metadata() {
        let old = JSONText.object([.init("a", .number("1")), .init("b", .number("2")), .init("a", .number("3"))])
        let merged = Metadata.merge(
            old, [.init("c", .bool(true)), .init("b", .null), .init("c", .bool(false)), .init("a", .string("x"))])
        #expect(merged.members.count == 2)
        #expect(merged["a"] == .string("x") && merged["c"] == .bool(false) && merged["b"] == nil)
        let again = Metadata.merge(merged, [.init("a", .null), .init("a", .number("9"))])
        #expect(again["a"] == .number("9"))
    }

    @Test("a merge looks at every member once")
    func mergeIsLinear() {
        let names = (0..<200_000).map { JSONText.Member("key\($0)", .number("1")) }
        #expect(Metadata.merge(.object(names), names).members.count == names.count)
    }

    @Test("metadata is bounded at all levels together, and what is there may stay")
    func metadataBounds() throws {
        func list(_ count: Int) -> JSONText {
            .object([.init("a", .array((0..<count).map { _ in .object([.init("b", .null)]) }))])
        }
        #expect(Metadata.isBounded(list(499)))
        #expect(!Metadata.isBounded(list(500)))
        let long = JSONText.object([.init("a", .string(String(repeating: "x", count: Metadata.bytesMax)))])
        #expect(!Metadata.isBounded(long))
        #expect(throws: AuthError.tooMuchMetadata) { try Metadata.bounded(long, [.init("b", .bool(true))]) }
        #expect(try Metadata.bounded(long, [.init("a", .null)]) == .object([]))
    }

    @Test("a preflight that asks for many headers is answered with each once")
    func preflightOfManyHeaders() {
        let asked = (0..<20_000).map { "x\($0 % 10_000)" }.joined(separator: ",")
        let http = ServiceRequest(
            method: "OPTIONS", path: "/otp", query: "",
            headers: [("origin", "https://x"), ("access-control-request-headers", asked)], body: [])
        let answer = CORS(AuthConfiguration()).preflight(http)
        let allowed = answer.headers.first { $0.name == "Access-Control-Allow-Headers" }?.value ?? ""
        #expect(allowed.split(separator: ",").count == 10_009)
    }

    @Test("a glob of many stars is quick")
    func aGlobOfManyStarsIs() {
        let pattern = String(repeating: "**a", count: 100)
        #expect(!Glob(pattern).matches(String(repeating: "a", count: 2_000) + "b"))
        #expect(!Glob(String(repeating: "{a,b}", count: 40)).matches("a"))
    }

    // MARK: Limits

    @Test("a bucket empties and fills again")
    func aBucketEmptiesAndFillsAgain() {
        var limiter = RateLimiter()
        func ask(_ client: String, _ now: Double) -> Int? {
            limiter.wait(.otp, client: client, count: 30, seconds: 300, burst: 3, at: now)
        }
        for _ in 0..<3 { #expect(ask("a", 0) == nil) }
        #expect(ask("a", 0) == 10)
        #expect(ask("b", 0) == nil)
        #expect(ask("a", 9) == 1)
        #expect(ask("a", 10) == nil)
        #expect(ask("a", -100) == 10)
    }

    @Test("more clients than buckets do not grow the table")
    func moreClientsThanBucketsDoNot() {
        var limiter = RateLimiter()
        for number in 0..<(RateLimiter.bucketsMax + 10) {
            let now = Double(number) / 1_000
            _ = limiter.wait(.otp, client: "\(number)", count: 1, seconds: 300, burst: 1, at: now)
        }
        let last = "\(RateLimiter.bucketsMax - 1)"
        #expect(limiter.wait(.otp, client: last, count: 1, seconds: 300, burst: 1, at: 11) != nil)
        #expect(limiter.wait(.otp, client: "x", count: 1, seconds: 300, burst: 1, at: 0) == nil)
    }

    @Test("a flood of clients takes the buckets that lay idle longest, not all")
    func aFloodOfClientsTakesIdleBuckets() {
        var limiter = RateLimiter()
        func ask(_ client: String, _ now: Double) -> Int? {
            limiter.wait(.otp, client: client, count: 1, seconds: 300_000, burst: 1, at: now)
        }
        for number in 0..<(RateLimiter.bucketsMax - 1) { #expect(ask("old \(number)", 0) == nil) }
        #expect(ask("guesser", 1) == nil)
        for number in 0..<1_000 { _ = ask("new \(number)", 2) }
        #expect(ask("guesser", 3) != nil)
    }

    // MARK: Others

    @Test("metadata is merged key by key, null takes a key away")
    func metadataIsMergedKeyByKey() throws {
        let old = try JSONText(Array(#"{"a":1,"b":{"c":2}}"#.utf8))
        let changes = try JSONText(Array(#"{"a":null,"b":3,"d":[1]}"#.utf8))
        #expect(Metadata.merge(old, changes.members).text == #"{"b":3,"d":[1]}"#)
    }

    @Test("what a client gives does not hide what the server knows")
    func whatAClientGivesDoesNot() {
        let given = [JSONText.Member("email_verified", .bool(true)), .init("sub", .string("other"))]
        let made = Metadata.initial(given, sub: "id", email: "a@b.example", phone: nil)
        #expect(made["email_verified"] == .bool(false) && made["sub"] == .string("id"))
    }

    @Test("challenges fit their verifiers only")
    func challengesFitTheirVerifiersOnly() throws {
        // RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        let challenge = try CodeChallenge(
            challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", method: "S256")
        #expect(challenge?.fits(verifier: verifier) == true)
        #expect(challenge?.fits(verifier: verifier + "x") == false)
        #expect(try CodeChallenge(challenge: nil, method: "") == nil)
        for (text, method) in [
            ("abc", "s256"), ("", "plain"), (verifier, ""), (verifier, "md5"), (verifier + "!", "plain"),
        ] {
            #expect(throws: AuthError.self) { try CodeChallenge(challenge: text, method: method) }
        }
    }

    @Test("codes of RFC 6238 come out")
    func codesOfRFC6238ComeOut() throws {
        let secret = Array("12345678901234567890".utf8)
        for (time, code) in [(59.0, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            #expect(try TOTP.code(secret: secret, step: TOTP.step(at: time)) == code)
        }
    }

    @Test("a code counts once, one step early or late")
    func aCodeCountsOnceOneStep() throws {
        let secret = Array("12345678901234567890".utf8)
        #expect(try TOTP.acceptedStep("287082", secret: secret, at: 59, after: nil) == 1)
        #expect(try TOTP.acceptedStep("287082", secret: secret, at: 89, after: nil) == 1)
        #expect(try TOTP.acceptedStep("287082", secret: secret, at: 90, after: nil) == nil)
        #expect(try TOTP.acceptedStep("287082", secret: secret, at: 59, after: 1) == nil)
        #expect(try TOTP.acceptedStep("", secret: secret, at: 59, after: nil) == nil)
    }

    @Test("a client's address is the first of a list, if it is one")
    func addressesOfClientsAreTheFirst() {
        func client(_ value: String?, peer: String? = "192.0.2.1", proxies: String...) -> String? {
            var rates = AuthConfiguration.Rates()
            rates.header = "x-forwarded-for"
            rates.proxies = TrustedProxies(addresses: Set(proxies.compactMap { ClientAddress($0) }))
            let http = ServiceRequest(
                method: "POST", path: "/otp", query: "", headers: value.map { [("x-forwarded-for", $0)] } ?? [],
                body: [], peer: peer)
            return rates.client(of: http)?.network
        }
        #expect(client("10.0.0.1, 10.0.0.2") == "10.0.0.2")
        #expect(client("10.0.0.1, 10.0.0.2", proxies: "192.0.2.1", "10.0.0.2") == "10.0.0.1")
        #expect(client("10.0.0.1", proxies: "192.0.2.7") == "192.0.2.1")
        #expect(client(" 2001:db8::1 ") == client("2001:db8:0:0:7::1"))
        for text in [nil, "", "host", "1.2.3.4'", "10.0.0.1, host"] { #expect(client(text) == "192.0.2.1") }
        #expect(client(nil, peer: nil) == nil)
    }

    @Test("lists are ordered by known columns only")
    func listsAreOrderedByKnownColumns() throws {
        #expect(try UserOrder([]).sql == "u.created_at DESC, u.id")
        #expect(try UserOrder(["email asc", "created_at"]).sql == "u.email ASC, u.created_at DESC, u.id")
        for text in ["encrypted_password asc", "email; drop", "email up"] {
            #expect(throws: AuthError.self) { try UserOrder([text]) }
        }
    }

    @Test("durations of Go")
    func durationsOfGo() {
        #expect(GoDuration.seconds("1h30m") == 5_400)
        #expect(GoDuration.seconds("1.5s") == 1.5)
        for text in ["", "1", "h", "1x", "-1h", "1h "] { #expect(GoDuration.seconds(text) == nil, "\(text)") }
        #expect(BanDuration("none") == BanDuration.none)
        #expect(BanDuration("24h") == .seconds(86_400))
        #expect(BanDuration("0s") == nil)
    }

    @Test("a QR code has its patterns")
    func aQRCodeHasItsPatterns() throws {
        let code = try #require(QRCode("otpauth://totp/host:a@b.example?secret=JBSWY3DPEHPK3PXP"))
        #expect(code.modules.count == code.version * 4 + 17)
        let finder = [true, true, true, true, true, true, true, false]
        #expect(Array(code.modules[0].prefix(8)) == finder)
        #expect(Array(code.modules[0].suffix(8)) == finder.reversed())
        #expect(QRCode(String(repeating: "x", count: 700)) == nil)
    }

    @Test(
        "a bearer token with white space around it is none",
        arguments: [
            ("Bearer a.b.c", "a.b.c"), ("Bearer \ta.b.c", nil), ("Bearer \u{A0}a.b.c", nil),
            ("Bearer a.b.c\u{2028}", nil), ("Bearer a.b.c ", nil), ("Bearer", nil),
        ] as [(String, String?)])
    func bearer(header: String, token: String?) {
        let http = ServiceRequest(
            method: "GET", path: "/user", query: "", headers: [("authorization", header)], body: [])
        #expect(AuthRequest(head: http).bearer == token)
    }

    @Test("a body has so many values at most")
    func valuesOfBodies() throws {
        let read = { (count: Int) throws(AuthError) -> AuthRequest in
            let list = Array(repeating: "[]", count: count).joined(separator: ",")
            let http = ServiceRequest(
                method: "POST", path: "/signup", query: "", headers: [], body: Array("{\"a\":[\(list)]}".utf8))
            return try AuthRequest(head: http).readingBody(isRequired: true)
        }
        #expect(try read(AuthRequest.valuesMax - 2).body["a"]?.arrayValue?.count == AuthRequest.valuesMax - 2)
        #expect(throws: AuthError.badJSON) { try read(AuthRequest.valuesMax - 1) }
    }
}
