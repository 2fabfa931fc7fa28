import Testing

@testable import BackupOperations

@Suite("The log of a recovery")
struct RecoveryLogTests {
    private static let recovering = """
        2026-11-30 10:00:00.000 UTC [7] LOG:  starting point-in-time recovery to earliest consistent point
        2026-11-30 10:00:00.100 UTC [7] LOG:  consistent recovery state reached at 0/2000100
        """
    private static let complete =
        recovering + """

            2026-11-30 10:00:00.200 UTC [7] LOG:  archive recovery complete
            """
    private static let open =
        complete + """

            2026-11-30 10:00:00.300 UTC [1] LOG:  database system is ready to accept connections
            """

    @Test("a server counts once it has left recovery and takes sessions, in this order")
    func order() {
        #expect(RecoveryLog.verdict("", isRunning: true) == .underWay)
        #expect(RecoveryLog.verdict(Self.recovering, isRunning: true) == .underWay)
        #expect(RecoveryLog.verdict(Self.complete, isRunning: true) == .underWay)
        #expect(RecoveryLog.verdict(Self.open, isRunning: true) == .complete)
        let early = "LOG:  database system is ready to accept connections\n" + Self.complete
        #expect(RecoveryLog.verdict(early, isRunning: true) == .underWay)
    }

    @Test("a server that has ended has failed, whatever it said before")
    func ended() {
        #expect(RecoveryLog.verdict(Self.open, isRunning: false) == .failed("its log has no error"))
        let text = Self.recovering + "\n10:00 [7] PANIC:  could not locate a valid checkpoint record\nlast line"
        #expect(
            RecoveryLog.verdict(text, isRunning: false)
                == .failed("PANIC:  could not locate a valid checkpoint record"))
        let refused = "db: cannot start: /data holds files but no database"
        #expect(RecoveryLog.verdict(refused, isRunning: false) == .failed(refused))
        let long = "FATAL:  " + String(repeating: "x", count: 1_000)
        guard case .failed(let words) = RecoveryLog.verdict(long, isRunning: false) else {
            Issue.record("it has not failed")
            return
        }
        #expect(words.count == RecoveryLog.failureLengthMax)
    }

    @Test("an end of the log before the target is no failure yet")
    func beforeTarget() {
        let text = Self.recovering + "\nFATAL:  recovery ended before configured recovery target was reached"
        #expect(RecoveryLog.verdict(text, isRunning: false) == .endedBeforeTarget)
        #expect(RecoveryLog.verdict(text, isRunning: true) == .endedBeforeTarget)
    }
}
