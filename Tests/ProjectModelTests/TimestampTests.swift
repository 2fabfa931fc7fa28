import OrchestratorTesting
import ProjectModel
import Testing

@Suite("Timestamps")
struct TimestampTests {
    @Test("adding and subtracting durations are each other's inverse", arguments: UInt64(0)..<50)
    func inverse(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let start = Timestamp(milliseconds: .random(in: -1_000_000_000_000...1_000_000_000_000, using: &generator))
        let milliseconds = Int64.random(in: -1_000_000_000...1_000_000_000, using: &generator)
        let end = start + .milliseconds(milliseconds)
        #expect(end.since(start) == .milliseconds(milliseconds))
        #expect((end < start) == (milliseconds < 0))
    }

    @Test("a sum beyond the range stops at its end")
    func saturation() {
        #expect(Timestamp(milliseconds: .max - 5) + .seconds(1) == Timestamp(milliseconds: .max))
        #expect(Timestamp(milliseconds: .min + 5) + .seconds(-1) == Timestamp(milliseconds: .min))
        #expect(Timestamp(milliseconds: .max).since(Timestamp(milliseconds: .min)) == .milliseconds(Int64.max))
        #expect(Timestamp(milliseconds: .min).since(Timestamp(milliseconds: .max)) == .milliseconds(Int64.min))
    }

    @Test(
        "a duration in whole milliseconds is cut towards zero and stops at the ends of the range",
        arguments: [
            (.zero, 0), (.microseconds(1_999), 1), (.microseconds(-1_999), -1), (.nanoseconds(999_999), 0),
            (.seconds(3), 3_000),
            (.seconds(Int64.max), .max), (.seconds(Int64.min), .min),
            (Duration(secondsComponent: 9_223_372_036_854_775, attosecondsComponent: 900_000_000_000_000_000), .max),
            (Duration(secondsComponent: -9_223_372_036_854_775, attosecondsComponent: -900_000_000_000_000_000), .min),
        ] as [(Duration, Int64)])
    func wholeMilliseconds(duration: Duration, expected: Int64) {
        #expect(duration.wholeMilliseconds == expected)
    }
}
