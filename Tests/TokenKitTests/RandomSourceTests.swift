import Testing

@testable import TokenKit

@Suite("Random values")
struct RandomSourceTests {
    @Test(
        "every character of an alphabet comes up about as often as every other",
        arguments: [RandomAlphabet.alphanumeric, .hex, .base64, .base64url, .letters, .hexLetters])
    func uniform(alphabet: RandomAlphabet) throws {
        let size = alphabet.characters.count
        let expected = 4_000
        let text = try RandomSource.string(length: size * expected, alphabet: alphabet)
        var counts: [UInt8: Int] = [:]
        for character in text.utf8 { counts[character, default: 0] += 1 }
        #expect(Set(counts.keys) == Set(alphabet.characters))
        // Each count has a standard deviation below sqrt(4000) = 63.3. Eight of them are never seen by chance; bytes
        // taken modulo 62 would give the first eight characters a quarter more than the others.
        for (character, count) in counts {
            #expect(abs(count - expected) < 506, "\(Unicode.Scalar(character)): \(count)")
        }
    }

    @Test("a text has exactly the length asked for", arguments: [0, 1, 7, 40, 1_000])
    func length(count: Int) throws {
        #expect(try RandomSource.string(length: count, alphabet: .alphanumeric).utf8.count == count)
        #expect(try RandomSource.bytes(count).count == count)
    }

    @Test("no two values are the same")
    func different() throws {
        let values = try (0..<1_000).map { _ in try RandomSource.string(length: 20, alphabet: .hex) }
        #expect(Set(values).count == values.count)
    }

    @Test("lengths beyond the limit are refused", arguments: [-1, RandomSource.maximumBytes + 1])
    func limits(count: Int) {
        #expect(throws: TokenError.self) { try RandomSource.bytes(count) }
        #expect(throws: TokenError.self) { try RandomSource.string(length: count, alphabet: .hex) }
    }

    @Test("an alphabet has at least two different ASCII characters", arguments: ["", "a", "aa", "abca", "aé"])
    func badAlphabets(characters: String) {
        #expect(RandomAlphabet(characters) == nil)
    }
}
