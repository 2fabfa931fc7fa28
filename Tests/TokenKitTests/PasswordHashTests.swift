import Testing

@testable import TokenKit

@Suite("Password hashes")
struct PasswordHashTests {
    @Test("scrypt gives the output of RFC 7914")
    func vector() throws {
        let output = try PasswordHash.scrypt(
            "pleaseletmein", salt: Array("SodiumChloride".utf8),
            cost: PasswordHash.Cost(logN: 14, blockSize: 8, parallelism: 1), byteCount: 64)
        #expect(
            Hex.encode(output) == "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
                + "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887")
    }

    @Test("the right password fits its hash, another one does not, and no two hashes are the same")
    func verify() throws {
        let hash = try PasswordHash.hash("correct horse ü")
        #expect(hash.hasPrefix("$scrypt$ln=15,r=8,p=3$"))
        #expect(!PasswordHash.isOutdated(hash))
        #expect(PasswordHash.isOutdated(hash.replacing("p=3", with: "p=1")))
        #expect(!hash.contains("horse"))
        #expect(try PasswordHash.verify("correct horse ü", against: hash))
        #expect(try !PasswordHash.verify("correct horse u", against: hash))
        #expect(try !PasswordHash.verify("", against: hash))
        #expect(try PasswordHash.hash("correct horse ü") != hash)
    }

    @Test(
        "a stored text that is no hash, or asks for too much, is refused",
        arguments: [
            "", "$", "correct", "$scrypt$ln=15,r=8,p=1$AAAA$AAAA", "$argon2$ln=15,r=8,p=1$a$b",
            "$scrypt$ln=99,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "$scrypt$ln=20,r=32,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "$scrypt$ln=-1,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "$scrypt$ln=15,p=1,r=8$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ])
    func refused(stored: String) {
        #expect(throws: TokenError.self) { try PasswordHash.verify("x", against: stored) }
    }

    @Test("a password beyond the limit is refused")
    func longPassword() {
        let password = String(repeating: "a", count: PasswordHash.maximumPasswordBytes + 1)
        #expect(throws: TokenError.self) { try PasswordHash.hash(password) }
    }
}
