import APIKit
import FeatureKit
import HTTPBounds
import Orchestrator
import ProjectModel
import Synchronization

/// The use of one project.
enum ProjectUsage: Sendable, Equatable {
    /// Its database answered.
    case measured(ProjectSizes)
    /// Why there are no numbers.
    case unknown(String)

    /// The number behind a metric; nothing while it is unknown.
    func number(of metric: UsageMetric.Measured) -> Int64? {
        guard case .measured(let sizes) = self else { return nil }
        return sizes.number(of: metric)
    }
}

/// Measures the running projects of an organization, several at a time and within bounds.
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
        let usage = Mutex<[ProjectRef: ProjectUsage]>([:])
    }

    /// The numbers of every project, or why there are none. Throws only when the caller is cancelled.
    func measure(
        _ records: [ProjectRecord], in period: UsagePeriod
    ) async throws -> [ProjectRef: ProjectUsage] {
        let running = records.filter { $0.status == .active || $0.status == .degraded }
        let asked = running.prefix(limits.projectsMax)
        let found = Found()
        _ = try await withDeadline(limits.deadline) { await ask(asked, period: period, found: found) }
        try Task.checkCancellation()
        var usage = found.usage.withLock { $0 }
        for record in asked where usage[record.ref] == nil { usage[record.ref] = Self.late(limits.deadline) }
        for record in running.dropFirst(limits.projectsMax) {
            usage[record.ref] = .unknown("only \(limits.projectsMax) projects are measured in one request")
        }
        for record in records where usage[record.ref] == nil {
            usage[record.ref] = .unknown("the project is \(record.status.studioStatus.rawValue)")
        }
        return usage
    }

    private func ask(_ records: ArraySlice<ProjectRecord>, period: UsagePeriod, found: Found) async {
        await withTaskGroup(of: Void.self) { group in
            for (number, record) in records.enumerated() {
                if number >= limits.concurrentMax { await group.next() }
                group.addTask {
                    guard !Task.isCancelled else { return }
                    let usage = await usage(of: record, in: period)
                    // A project that was given up with the whole measurement is reported as late.
                    guard !Task.isCancelled else { return }
                    found.usage.withLock { $0[record.ref] = usage }
                }
            }
        }
    }

    private func usage(of record: ProjectRecord, in period: UsagePeriod) async -> ProjectUsage {
        do {
            let sizes = try await withDeadline(limits.projectDeadline) {
                try await probe.sizes(of: record, in: period)
            }
            return sizes.map { .measured($0) } ?? Self.late(limits.projectDeadline)
        } catch let error as ProjectDatabaseError {
            return .unknown(Self.reason(error))
        } catch let error as UsageAnswerError {
            return .unknown("\(error)")
        } catch {
            return .unknown(APIError(anything: error).message)
        }
    }

    private static func late(_ deadline: Duration) -> ProjectUsage {
        .unknown("the database did not answer within \(deadline)")
    }

    /// The words of an error; PostgreSQL's own may quote data of the project, so its code stands for them.
    private static func reason(_ error: ProjectDatabaseError) -> String {
        if case .query(let failure) = error {
            return "PostgreSQL refused the query for the sizes (SQLSTATE \(failure.code))"
        }
        return "\(error)"
    }
}
