import PasswordKit
import Testing

@Suite("Passwords")
struct PasswordTests {
    /// OpenBSD's and crypt_blowfish's published vector of the cost 5.
    private static let bcrypt = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
    private static let salt = Array("0123456789abcdef".utf8)

    @Test("Argon2id hashes are checked")
    func argon2idHashesAreChecked() throws {
        let stored = try Argon2id.hash(Array("password".utf8), salt: Self.salt)
        #expect(stored.hasPrefix("$argon2id$v=19$m=19456,t=2,p=1$"))
        #expect(try PasswordVerifier.verify("password", against: stored))
        #expect(try !PasswordVerifier.verify("passwort", against: stored))
        #expect(!PasswordVerifier.isOutdated(stored))
    }

    @Test("a known vector of the reference implementation holds")
    func aKnownVectorOfTheReference() throws {
        // Of the library's own tests: version 0x13, 2^8 KiB, t=2, p=1.
        let cost = Argon2id.Cost(memoryKiB: 256, passes: 2, lanes: 1)
        let stored = try Argon2id.hash(Array("password".utf8), salt: Array("somesalt".utf8), cost: cost)
        #expect(
            stored == "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")
        #expect(PasswordVerifier.isOutdated(stored))
    }

    @Test("bcrypt is checked in its three prefixes")
    func bcryptIsCheckedInItsThree() throws {
        for prefix in ["$2a$", "$2b$", "$2y$"] {
            let stored = prefix + Self.bcrypt.dropFirst(4)
            #expect(try PasswordVerifier.verify("U*U", against: stored), "\(prefix)")
            #expect(try !PasswordVerifier.verify("U*V", against: stored))
            #expect(PasswordVerifier.isOutdated(stored))
        }
    }

    @Test("bcrypt takes no more than it looks at")
    func bcryptTakesNoMoreThanIt() throws {
        #expect(try !PasswordVerifier.verify("U*U\0more", against: Self.bcrypt))
        #expect(try !PasswordVerifier.verify(String(repeating: "a", count: 73), against: Self.bcrypt))
    }

    @Test(
        "what costs too much or is of no known form is not checked",
        arguments: [
            "", "plain", "$argon2id$v=19$m=99999999,t=2,p=1$c29tZXNhbHQ$aaaa", "$argon2id$v=19$m=256,t=99,p=1$YWE$YQ",
            "$argon2id$v=16$m=256,t=2,p=1$YWFhYWFhYWE$YQ",
            "$2a$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "$1$abc$def",
        ])
    func whatCostsTooMuchOrIs(_ stored: String) {
        #expect(!PasswordVerifier.isKnown(stored))
        #expect(throws: PasswordError.unknownForm) { try PasswordVerifier.verify("x", against: stored) }
    }
}
