import BackupModel
import Logging
import Orchestrator
import ProjectModel

/// Looks at what the archive has of a project's log, writes down what can be restored, and asks for a backup where none
/// leads to where the log is.
struct LogWindow: Sendable {
    let ground: BackupGround

    /// Whether a window was found that grows with the log.
    @discardableResult
    func look(at ref: ProjectRef) async throws -> Bool {
        guard let copy = try await ground.backups.logCopy(of: ref), let progress = copy.progress else { return false }
        let contents = try await ground.archive.contents(of: try await ground.access(of: ref))
        let spans = RestorePlanner.spans(in: contents, known: progress)
        let grows = RestorePlanner.growsLastSpan(progress, in: contents)
        let isCovered = RestorePlanner.isCovered(progress, by: contents)
        let now = ground.time.now()
        return try await ground.units.perform { [ground] in
            // A gap may have come meanwhile, which this look does not know.
            guard try await ground.backups.save(spans, isCovered: grows, of: copy) else { return false }
            let known = try await ground.backups.backups(of: ref, limit: BackupLimits.listed)
            let status = try await ground.projects.project(ref)?.status
            if LogBaseNeed.isDue(copy, isCovered: isCovered, status: status, known: known, at: now) {
                _ = try await ground.requests.enqueueBackup(of: ref, because: .pointInTime, by: nil)
            }
            return grows
        }
    }

    /// The same, where trouble is no reason to end what was done before.
    @discardableResult
    func lookIfPossible(at ref: ProjectRef) async -> Bool {
        do { return try await look(at: ref) } catch {
            ground.logger.warning(
                "it was not found out what can be restored of a project",
                metadata: ["project": "\(ref)", "error": "\(error)"])
            return false
        }
    }
}
