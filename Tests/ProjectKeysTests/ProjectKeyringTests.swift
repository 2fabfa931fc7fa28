import ProjectKeys
import ProjectModel
import Testing
import TokenKit

@Suite("Project keyring")
struct ProjectKeyringTests {
    private let master: MasterKey
    private let ref: ProjectRef
    private let otherRef: ProjectRef

    init() throws {
        master = try MasterKey(KeyBytes.random(count: 32))
        ref = try #require(ProjectRef("abcdefghijklmnopqrst"))
        otherRef = try #require(ProjectRef("abcdefghijklmnopqrsu"))
    }

    private func keyring(_ ref: ProjectRef) throws -> ProjectKeyring {
        try ProjectKeyring(creatingFor: ref, installation: "i1", master: master)
    }

    @Test("a secret opens again after the key was unwrapped again")
    func roundTrip() throws {
        let first = try keyring(ref)
        let sealed = try first.seal(Secret("geheim ü"), name: "JWT_SECRET")
        let again = try ProjectKeyring(wrappedKey: first.wrappedKey, ref: ref, installation: "i1", master: master)
        #expect(try again.open(sealed, name: "JWT_SECRET").reveal() == "geheim ü")
    }

    @Test("a secret opens neither under another name nor in another project")
    func wrongContext() throws {
        let keyring = try keyring(ref)
        let sealed = try keyring.seal(Secret("x"), name: "A")
        #expect(throws: ProjectKeyError.notAuthentic(name: "B")) { try keyring.open(sealed, name: "B") }
        let other = try self.keyring(otherRef)
        #expect(throws: ProjectKeyError.notAuthentic(name: "A")) { try other.open(sealed, name: "A") }
    }

    @Test("a wrapped key opens for its project, its installation and its master key only")
    func wrongWrapping() throws {
        let wrapped = try keyring(ref).wrappedKey
        #expect(throws: ProjectKeyError.notAuthentic(name: "data key")) {
            try ProjectKeyring(wrappedKey: wrapped, ref: otherRef, installation: "i1", master: master)
        }
        #expect(throws: ProjectKeyError.notAuthentic(name: "data key")) {
            try ProjectKeyring(wrappedKey: wrapped, ref: ref, installation: "i2", master: master)
        }
        let other = try MasterKey(KeyBytes.random(count: 32))
        #expect(throws: ProjectKeyError.notAuthentic(name: "data key")) {
            try ProjectKeyring(wrappedKey: wrapped, ref: ref, installation: "i1", master: other)
        }
    }

    @Test("a change of any byte of a secret or of the wrapped key is noticed")
    func tampering() throws {
        let keyring = try keyring(ref)
        let sealed = try keyring.seal(Secret("x"), name: "A")
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 0x80
            #expect(throws: ProjectKeyError.self) { try keyring.open(changed, name: "A") }
        }
        for index in keyring.wrappedKey.indices {
            var changed = keyring.wrappedKey
            changed[index] ^= 0x80
            #expect(throws: ProjectKeyError.self) {
                try ProjectKeyring(wrappedKey: changed, ref: ref, installation: "i1", master: master)
            }
        }
    }

    @Test("two projects share no key, and no key is printed")
    func separate() throws {
        let first = try keyring(ref)
        let second = try keyring(ref)
        #expect(first.wrappedKey != second.wrappedKey)
        var dumped = ""
        dump(first, to: &dumped)
        for text in ["\(first)", String(reflecting: first), dumped] {
            #expect(text.contains(ref.text) && !text.contains("wrappedKey") && !text.contains("dataKey"), "\(text)")
        }
    }
}
