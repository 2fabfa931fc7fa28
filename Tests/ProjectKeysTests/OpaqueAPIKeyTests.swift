import ProjectKeys
import ProjectModel
import Testing

@Suite("API keys that are no tokens")
struct OpaqueAPIKeyTests {
    private let ref: ProjectRef
    private let other: ProjectRef

    init() throws {
        ref = try #require(ProjectRef("abcdefghijklmnopqrst"))
        other = try #require(ProjectRef("bcdefghijklmnopqrstu"))
    }

    @Test(
        "a key has its form, is good for its project only, and no two are alike", arguments: OpaqueAPIKey.Kind.allCases)
    func mint(kind: OpaqueAPIKey.Kind) throws {
        let keys = try (0..<200).map { _ in try OpaqueAPIKey.mint(kind, for: ref) }
        #expect(Set(keys).count == keys.count)
        for key in keys {
            let text = key.reveal()
            #expect(text.wholeMatch(of: /sb_(publishable|secret)_[A-Za-z0-9_-]{22}_[A-Za-z0-9_-]{8}/) != nil)
            #expect(OpaqueAPIKey.kind(of: text) == kind)
            #expect(OpaqueAPIKey.isWellFormed(text, for: ref))
            #expect(!OpaqueAPIKey.isWellFormed(text, for: other))
        }
    }

    /// The checksum was computed by another program.
    @Test("the checksum is the beginning of SHA-256 over ref, bar and what stands before it")
    func checksum() {
        #expect(OpaqueAPIKey.isWellFormed("sb_publishable_0123456789-_abcdefghij_OvGY8-SF", for: ref))
        #expect(OpaqueAPIKey.isWellFormed("sb_secret_0123456789-_abcdefghij_FOGYoyho", for: ref))
    }

    @Test("a change of any character is noticed")
    func tampering() throws {
        let text = Array(try OpaqueAPIKey.mint(.publishable, for: ref).reveal().utf8)
        for index in text.indices {
            var changed = text
            changed[index] = changed[index] == UInt8(ascii: "a") ? UInt8(ascii: "b") : UInt8(ascii: "a")
            #expect(!OpaqueAPIKey.isWellFormed(String(decoding: changed, as: UTF8.self), for: ref))
        }
        let whole = String(decoding: text, as: UTF8.self)
        let longer = whole.dropLast(OpaqueAPIKey.checksumCharacters) + "zzzz" + whole.suffix(8)
        for wrong in [
            String(longer), "", "sb_publishable_", whole + "a", String(whole.dropLast()), " " + whole, whole + "\u{e9}",
        ] {
            #expect(!OpaqueAPIKey.isWellFormed(wrong, for: ref))
        }
    }

    @Test("what is shown of a key is its kind and five characters")
    func shown() {
        let key = Secret("sb_secret_0123456789-_abcdefghij_00000000")
        #expect(OpaqueAPIKey.shownPrefix(key) == "sb_secret_01234")
        #expect(OpaqueAPIKey.masked(key) == "sb_secret_01234··········")
        #expect(OpaqueAPIKey.shownPrefix(Secret("something else")) == "")
        #expect(OpaqueAPIKey.masked(Secret("something else")) == "··········")
    }
}
