import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI
@testable import Projects

@Suite("Logins in addresses")
struct URLTextTests {
    @Test(
        "are not told",
        arguments: [
            ("https://u:p@h/x", "https://***@h/x"), ("a https://u@h b://c:d@e", "a https://***@h b://***@e"),
            ("https://u:p@\u{301}h", "https://***@\u{301}h"), ("https://h/p@q", "https://h/p@q"),
            ("https://u:p@x@h", "https://***@h"), ("none", "none"), ("://", "://"),
        ])
    func hidden(text: String, expected: String) {
        #expect(URLText.withoutLogin(text).unicodeScalars.elementsEqual(expected.unicodeScalars))
    }

    @Test(
        "that are references stay where those are shown; what only looks like one does not",
        arguments: [
            ("postgres://u:${PASSWORD}@db", "postgres://u:${PASSWORD}@db"),
            ("https://u:$${PASSWORD}@h", "https://***@h"), ("https://u:p${X}@h", "https://***@h"),
            ("https://u:pass@h", "https://***@h"),
        ])
    func references(text: String, expected: String) {
        #expect(URLText.withoutLogin(text, keepsReferences: true) == expected)
    }
}
