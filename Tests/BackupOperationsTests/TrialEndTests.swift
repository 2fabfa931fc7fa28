import BackupModel
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import BackupOperations

@Suite("How work on backups ends")
struct TrialEndTests {
    private let now = Timestamp(milliseconds: 9_000)

    private func backup(_ state: BackupState = .verified, archived: String? = "b7-2") -> ProjectBackup {
        ProjectBackup(
            id: 7, ref: .sample(1), reason: .request, state: state, archived: archived.flatMap { BackupID($0) },
            insertedAt: .init(milliseconds: 1_000), verifiedAt: .init(milliseconds: 2_000))
    }

    @Test("only a finding about the backup makes it unsound; trouble of the host is noted and changes nothing")
    func kinds() {
        let found = TrialEnd(UnsoundBackup("base.tar is cut")).concluding(backup(), at: now)
        #expect(found.state == .unsound && found.failure == "base.tar is cut")
        let damaged = TrialEnd(BackupError.damaged(object: "base", reason: "other bytes")).concluding(backup(), at: now)
        #expect(damaged.state == .unsound)
        let ofHost: [any Error] = [
            EngineError.unavailable("gone"), BackupError.store("less is free"), JobFailure("took too long"),
        ]
        for error in ofHost {
            let row = TrialEnd(error).concluding(backup(), at: now)
            #expect(row.state == .verified && row.verifiedAt == backup().verifiedAt && row.failure == "\(error)")
        }
        let complete = TrialEnd.complete.concluding(backup(.unsound), at: now)
        #expect(complete.state == .verified && complete.failure == nil && complete.verifiedAt == now)
    }

    @Test("a full disk is no finding about the backup")
    func host() {
        #expect(RecoveryLog.isOfHost("FATAL:  could not write to file \"x\": No space left on device"))
        #expect(!RecoveryLog.isOfHost("PANIC:  could not locate a valid checkpoint record"))
    }

    @Test("the log of a restore goes where it is read, whatever the project's settings are")
    func settings() {
        let settings = Dictionary(RecoveryLog.settings.map { ($0.name, $0.value) }) { first, _ in first }
        #expect(settings["logging_collector"] == "off" && settings["log_destination"] == "stderr")
    }

    @Test("the last try ends the row, and a run after it does where that one could not")
    func tries() {
        let tries = WorkTries(first: .seconds(1), longest: .seconds(2), attemptsMax: 3, interruptionsMax: 5)
        let error = EngineError.unavailable("gone")
        #expect(!tries.isLast(attempts: 1, error) && tries.isLast(attempts: 2, error))
        #expect(tries.isLast(attempts: 0, JobFailure("never")) && tries.isLast(attempts: 0, UnsoundBackup("cut")))
        #expect(tries.end(attempts: 2, interruptions: 4) == nil)
        #expect(tries.end(attempts: 3, interruptions: 0) != nil && tries.end(attempts: 0, interruptions: 5) != nil)
        #expect(tries.retry.attemptsMax > tries.attemptsMax && tries.retry.interruptionsMax > tries.interruptionsMax)
    }

    @Test("a copy is left over when its row names another, and is of no earlier row of the same number")
    func leftovers() throws {
        func base(_ name: String, _ time: Int64) throws -> BaseBackup {
            BaseBackup(
                id: try #require(BackupID(name)), timeline: TimelineID(1), start: WALPosition(1), end: WALPosition(2),
                begun: .init(milliseconds: time), finished: .init(milliseconds: time), storedBytes: 1,
                systemIdentifier: 7, serverVersion: "15.1", includesWAL: true)
        }
        #expect(backup().hasLeft(try base("b7-1", 5_000)))
        #expect(!backup().hasLeft(try base("b7-2", 5_000)))
        #expect(!backup().hasLeft(try base("b70-1", 5_000)))
        #expect(!backup().hasLeft(try base("b7-1", 500)))
        #expect(!backup(.pending, archived: nil).hasLeft(try base("b7-1", 5_000)))
        #expect(backup(.failed, archived: nil).hasLeft(try base("b7-1", 5_000)))
    }
}
