import ProjectKeys
import ProjectModel
import Testing
import TokenKit

@Suite("Secret specifications")
struct SecretSpecificationTests {
    @Test(
        "a secret has its length and its alphabet, and decodes to whole bytes where the alphabet is an encoding",
        arguments: SecretAlphabet.allCases, [16, 32, 40, 64])
    func form(alphabet: SecretAlphabet, length: Int) throws {
        let text = try SecretSpecification(name: "X", alphabet: alphabet, length: length).generate().reveal()
        #expect(text.utf8.count == length)
        switch alphabet {
        case .alphanumeric: #expect(text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) })
        case .hex: #expect(Hex.decode(text)?.count == length / 2 && text == text.lowercased())
        case .base64: #expect(Base64.decode(text)?.count == length * 3 / 4)
        case .base64url: #expect(Base64URL.decode(text)?.count == length * 3 / 4)
        }
    }

    @Test("a password always begins with a letter", arguments: SecretAlphabet.allCases)
    func startsWithLetter(alphabet: SecretAlphabet) throws {
        let specification = SecretSpecification(name: "P", alphabet: alphabet, length: 32, startsWithLetter: true)
        for _ in 0..<200 {
            let text = try specification.generate().reveal()
            #expect(text.utf8.count == 32)
            #expect(text.first?.isLetter == true)
        }
        let password = try SecretSpecification.password(name: "P", length: 20).generate().reveal()
        #expect(password.utf8.count == 20 && password.first?.isLetter == true)
    }

    @Test("no two secrets are the same")
    func different() throws {
        let specification = SecretSpecification(name: "X", alphabet: .hex, length: 16)
        let values = try (0..<500).map { _ in try specification.generate() }
        #expect(Set(values).count == values.count)
    }

    @Test(
        "a length that is too short, or would not decode, is refused",
        arguments: [
            (.alphanumeric, 7), (.alphanumeric, 0), (.alphanumeric, -1), (.hex, 15), (.base64, 30), (.base64url, 22),
        ] as [(SecretAlphabet, Int)])
    func badLengths(alphabet: SecretAlphabet, length: Int) {
        #expect(throws: ProjectKeyError.self) {
            try SecretSpecification(name: "X", alphabet: alphabet, length: length).generate()
        }
    }
}
