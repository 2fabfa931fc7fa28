import ProjectModel
import Testing

@Suite("Secrets")
struct SecretTests {
    static let value = "hunter2-do-not-print"

    struct Holder {
        let name = "holder"
        let secret: Secret<String>
        let nested: [String: Secret<[String]>]
        let optional: Secret<String>?
    }

    enum Choice { case one(Secret<String>) }

    /// Everything Swift can do to turn a value into text.
    static func prints(_ value: some Any) -> [String] {
        var dumped = ""
        dump(value, to: &dumped)
        var printed = ""
        print(value, to: &printed)
        debugPrint(value, to: &printed)
        return ["\(value)", String(describing: value), String(reflecting: value), dumped, printed]
    }

    @Test("a secret prints nothing of itself in any form")
    func hidden() {
        let secret = Secret(Self.value)
        let holder = Holder(secret: secret, nested: ["k": Secret([Self.value])], optional: secret)
        let forms: [any Any] = [
            secret, Optional(secret) as any Any, [secret], ["k": secret], (1, secret), Set([secret]), holder,
            Choice.one(secret), Result<Secret<String>, Never>.success(secret), Secret(secret),
            Mirror(reflecting: holder),
            Secret(Self.value as String?), [[secret]], AnyHashable(secret),
        ]
        for form in forms {
            for text in Self.prints(form) { #expect(!text.contains("hunter2"), "\(type(of: form))") }
        }
        #expect("\(secret)" == "<secret>")
        #expect(String(reflecting: secret) == "<secret>")
    }

    @Test("reflection finds no way in")
    func reflection() {
        let secret = Secret(Self.value)
        #expect(Mirror(reflecting: secret).children.isEmpty)
        #expect(Mirror(reflecting: secret).superclassMirror == nil)
        #expect(Mirror(reflecting: secret).descendant("value") == nil)
    }

    @Test("only revealing gives the value, and mapping keeps it hidden")
    func reveal() {
        let secret = Secret(Self.value)
        #expect(secret.reveal() == Self.value)
        let length = secret.map(\.count)
        #expect("\(length)" == "<secret>")
        #expect(length.reveal() == Self.value.count)
        #expect(secret == Secret(Self.value))
        #expect(secret != Secret("other"))
    }
}
