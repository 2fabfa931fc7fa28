import Orchestrator
import ProjectModel
import Synchronization

/// Measures the running projects of an organization, several at a time and within bounds: whoever is not asked in
/// time, or does not run, has no numbers.
struct UsageMeter: Sendable {
    let probe: any UsageProbe

    /// Bounds of one measurement.
    struct Limits: Sendable {
        /// Projects asked at the same time.
        var concurrentMax = 20
        /// Projects asked at all.
        var projectsMax = 200
        /// Longest wait for one project.
        var projectDeadline: Duration = .seconds(5)
        /// Longest wait for all of them.
        var deadline: Duration = .seconds(10)
    }

    var limits = Limits()

    private final class Found: Sendable {
        let sizes = Mutex<[ProjectRef: ProjectSizes]>([:])
    }

    /// The numbers of those that answered.
    func measure(_ records: [ProjectRecord], in period: UsagePeriod) async -> [ProjectRef: ProjectSizes] {
        let running = records.filter { $0.status == .active || $0.status == .degraded }.prefix(limits.projectsMax)
        let found = Found()
        _ = try? await withDeadline(limits.deadline) { await ask(running, period, found) }
        return found.sizes.withLock { $0 }
    }

    private func ask(_ records: ArraySlice<ProjectRecord>, _ period: UsagePeriod, _ found: Found) async {
        await withTaskGroup(of: Void.self) { group in
            for (number, record) in records.enumerated() {
                if number >= limits.concurrentMax { await group.next() }
                group.addTask {
                    guard !Task.isCancelled else { return }
                    let answer = try? await withDeadline(limits.projectDeadline) {
                        await probe.sizes(of: record, in: period)
                    }
                    guard let sizes = answer ?? nil else { return }
                    found.sizes.withLock { $0[record.ref] = sizes }
                }
            }
        }
    }
}
