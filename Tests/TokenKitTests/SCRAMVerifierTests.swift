import Testing

@testable import TokenKit

@Suite("Verifiers of database passwords")
struct SCRAMVerifierTests {
    @Test(
        "the text is PostgreSQL's own for the same salt",
        arguments: [
            (
                "W22ZaJ0SNY7soEsUEjb6gQ==",
                "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
            ),
            (
                "AAECAwQFBgcICQoLDA0ODw==",
                "zHCdol2044/ZyWzPLi7oxApCkamKw9Z+E4U/QApd/5Y=:dd5peBOitVnLNFu7VmwP+HiDaaw4OUCv396eVCWhYiE="
            ),
        ])
    func vector(salt: String, keys: String) throws {
        let bytes = try #require(Base64.decode(salt))
        #expect(try SCRAMVerifier.make("pencil", salt: bytes) == "SCRAM-SHA-256$4096:\(salt)$\(keys)")
    }

    @Test("every verifier has a salt of its own, and nothing of the password in it")
    func salts() throws {
        let texts = try (0..<8).map { _ in try SCRAMVerifier.make("correct-horse") }
        #expect(Set(texts).count == texts.count && texts.allSatisfy { !$0.contains("correct") })
    }

    @Test(
        "what client and server would prepare differently is refused", arguments: ["", "é", "a\0b", "a\tb", "\u{a0}"])
    func refused(password: String) { #expect(throws: TokenError.self) { try SCRAMVerifier.make(password) } }
}
