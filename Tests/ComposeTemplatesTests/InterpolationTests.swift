import ComposeTemplates
import Testing
import YAMLKit

@Suite struct InterpolationTests {
    private static let variables = ["SET": "value", "EMPTY": "", "DOLLAR": "$SET", "_a1": "under"]

    @Test(arguments: [
        ("plain", "plain"), ("$SET", "value"), ("${SET}", "value"), ("$SET-x", "value-x"), ("${SET}x", "valuex"),
        ("$_a1", "under"), ("$UNSET", ""), ("$$SET", "$SET"), ("$$$SET", "$value"), ("a $ b", "a $ b"), ("$", "$"),
        ("$1", "$1"), ("$}", "$}"), ("$é", "$é"),
        ("${UNSET:-d}", "d"), ("${EMPTY:-d}", "d"), ("${SET:-d}", "value"), ("${UNSET-d}", "d"), ("${EMPTY-d}", ""),
        ("${UNSET:+r}", ""), ("${EMPTY:+r}", ""), ("${SET:+r}", "r"), ("${EMPTY+r}", "r"), ("${UNSET+r}", ""),
        ("${SET:?e}", "value"), ("${EMPTY?e}", ""), ("${UNSET:-}", ""), ("${UNSET:-$SET}", "value"),
        ("${UNSET:-${EMPTY:-${SET}!}}", "value!"), ("${SET:+${SET}${SET}}", "valuevalue"), ("${UNSET:-$$}", "$"),
        ("${UNSET:-{\"a\": {}}}", "{\"a\": {}}"), ("${UNSET:-a:-b?c+d}", "a:-b?c+d"), ("${UNSET:-é\n}", "é\n"),
        ("${DOLLAR}", "$SET"), ("${SET:-${}", "value"), ("${UNSET:-a{b}", "a{b"),
        ("postgres://u:${SET}@db:5432/${UNSET:-p}?x=1", "postgres://u:value@db:5432/p?x=1"),
    ])
    func everyFormHasItsValue(template: String, expected: String) throws {
        #expect(try Interpolation.substitute(template, variables: Self.variables).text == expected)
    }

    @Test(arguments: [
        "${", "${}", "${ SET}", "${SET }", "${1}", "${SET!}", "${SET:}", "${SET:x}", "${UNSET:-${}}", "a ${SET",
    ])
    func aBrokenSubstitutionIsAnError(template: String) {
        #expect {
            try Interpolation.substitute(template, variables: Self.variables)
        } throws: { error in
            guard case .invalidTemplate? = error as? InterpolationError else { return false }
            return true
        }
    }

    @Test(arguments: [
        ("${UNSET?}", "required variable UNSET is missing a value"),
        ("${EMPTY:?set it}", "required variable EMPTY is missing a value: set it"),
        ("${UNSET:?like ${SET}}", "required variable UNSET is missing a value: like value"),
        ("${SET:+${UNSET?inner}}", "required variable UNSET is missing a value: inner"),
    ])
    func aRequiredVariableIsDemandedByItsOwnMessage(template: String, message: String) {
        #expect {
            try Interpolation.substitute(template, variables: Self.variables)
        } throws: { "\($0)" == message }
    }

    @Test func operandsThatAreNotUsedAreNotEvaluated() throws {
        let outcome = try Interpolation.substitute("${SET:-${UNSET?no}}${UNSET:+${UNSET}}", variables: Self.variables)
        #expect(outcome.text == "value")
        #expect(outcome.unset.isEmpty)
    }

    @Test func unsetVariablesAreNamedInOrder() throws {
        let outcome = try Interpolation.substitute("$B ${A} ${C:-$D}", variables: [:])
        #expect(outcome.unset == ["B", "A", "D"])
    }

    @Test func nestingAndSizeAreBounded() throws {
        let depth = Interpolation.maximumDepth
        let fits = String(repeating: "${A:-", count: depth) + "x" + String(repeating: "}", count: depth)
        #expect(try Interpolation.substitute(fits, variables: [:]).text == "x")
        #expect(throws: InterpolationError.nestedTooDeeply) {
            try Interpolation.substitute("${A:-\(fits)}", variables: [:])
        }
        let large = String(repeating: "x", count: Interpolation.maximumBytes / 2)
        #expect(throws: InterpolationError.tooLong) {
            try Interpolation.substitute("$A$A$A", variables: ["A": large])
        }
        #expect(throws: InterpolationError.tooLong) {
            try Interpolation.substitute(large + large + "x", variables: [:])
        }
    }

    @Test func theVariablesOfATreeAreFoundWithWhatIsSaidOfThem() throws {
        let text = "a: ${X} ${X:-d}\nb: [\"${Y:?m ${Z}}\", $$no, {c: \"${W+p}\"}]\nn: 1\n"
        let found = try Interpolation.variables(in: try #require(try YAMLParser.parse(text)))
        #expect(found.keys.sorted() == ["W", "X", "Y", "Z"])
        #expect(found["X"]?.defaultValue == "d")
        #expect(found["Y"]?.isRequired == true)
        #expect(found["W"]?.presenceValue == "p")
    }

    /// Whatever comes in, there is an answer; without a dollar it is the text itself.
    @Test(arguments: 0..<50)
    func randomTextsNeverCrash(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let pieces = ["$", "{", "}", "A", "_", "1", ":", "-", "?", "+", " ", "é", "\n", "$$", "${A", "${A:-", "\u{0}"]
        for _ in 0..<400 {
            let text = (0..<Int.random(in: 0...24, using: &generator))
                .map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
            let outcome = try? Interpolation.substitute(text, variables: ["A": "$v"])
            if !text.contains("$") { #expect(outcome?.text == text) }
            let escaped = text.replacing("$", with: "$$")
            #expect((try? Interpolation.substitute(escaped, variables: [:]))?.text == text)
        }
    }
}

/// A small generator of repeatable random numbers.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 2 &+ 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_F491_4F6C_DD1D
    }
}
