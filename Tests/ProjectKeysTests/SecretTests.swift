import ProjectModel
import Testing

@Suite("Secret")
struct SecretTests {
    private struct Holder {
        let name = "db"
        let password: Secret<String>
        let optional: Secret<String>?
        let many: [String: Secret<String>]
    }

    @Test("it prints its placeholder in every way there is to print")
    func printing() {
        let secret = Secret("hunter2")
        let holder = Holder(password: secret, optional: secret, many: ["a": secret])
        var dumped = ""
        dump(secret, to: &dumped)
        dump(holder, to: &dumped)
        var printed = ""
        print(secret, holder, to: &printed)
        debugPrint(secret, holder, to: &printed)
        let optional: Secret<String>? = secret
        let texts = [
            "\(secret)", String(describing: secret), String(reflecting: secret), "\([secret])", "\(["a": secret])",
            "\(String(describing: optional))", "\(holder)", String(reflecting: holder), dumped, printed,
            "\(Mirror(reflecting: secret).children.map { $0 })", "\((secret, 1))",
        ]
        for text in texts { #expect(!text.contains("hunter2"), "\(text)") }
        #expect("\(secret)" == "<secret>")
        #expect("\(holder)".contains("<secret>") && "\(holder)".contains("db"))
    }

    @Test("it gives its value to who asks for it, and compares by value")
    func value() {
        #expect(Secret("a").reveal() == "a")
        #expect(Secret("a") == Secret("a"))
        #expect(Secret("a") != Secret("b"))
        #expect(Set([Secret(1), Secret(1), Secret(2)]).count == 2)
        #expect(Secret("a").map { $0.utf8.count } == Secret(1))
    }
}
