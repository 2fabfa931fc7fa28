import Logging
import ProjectModel
import Synchronization

/// One run, from its start to the row that says how it ended.
extension JobRunner {
    func run(_ job: Job, as runner: JobRunnerIdentity) async {
        defer {
            running.withLock { $0[job.latestRun] = nil }
            signal.send()
        }
        guard let definition = definitions[job.kind] else { return }
        // An interrupted run is left as it is: the next manager sees that its term is over.
        guard let end = await end(of: job, definition, runner) else { return }
        let settlement = JobSettlement(
            after: end, of: job, retry: definition.retry, retention: definition.retention, now: time.now())
        if let error = settlement.error, settlement.outcome == .failed {
            logger.warning("a job failed", metadata: Self.metadata(job).merging(["error": "\(error)"]) { $1 })
        }
        await record(settlement, of: job, runner)
    }

    /// Runs the handler; nil when it was cut off because the manager stops or has lost its lease.
    private func end(of job: Job, _ definition: JobDefinition, _ runner: JobRunnerIdentity) async -> JobEnd? {
        let context = JobContext(job: job, store: store, runner: runner, lease: lease, time: time)
        // The process may have been stopped since the claim.
        guard (try? context.check()) != nil else { return nil }
        let (end, verdict) = await withTaskGroup(of: RunPart.self) { group in
            group.addTask { .handler(await Self.handle(context, definition)) }
            group.addTask { .watch(await self.watch(job, limit: definition.timeLimit)) }
            var (end, verdict): (JobEnd?, JobEnd?) = (nil, nil)
            for await part in group {
                switch part {
                case .handler(let one): end = one
                case .watch(let one): verdict = one
                }
                group.cancelAll()
            }
            return (end, verdict)
        }
        if Task.isCancelled { return nil }
        if case .succeeded = end { return end }
        return verdict ?? end
    }

    private enum RunPart: Sendable {
        case handler(JobEnd)
        case watch(JobEnd?)
    }

    private static func handle(_ context: JobContext, _ definition: JobDefinition) async -> JobEnd {
        do {
            return .succeeded(result: try await definition.handler(context))
        } catch let failure as JobFailure {
            return .failed("\(failure)", isFinal: true)
        } catch {
            return .failed("\(error)", isFinal: false)
        }
    }

    /// Waits until a run exceeds its time limit or is cancelled; nil when it ends before.
    private func watch(_ job: Job, limit: Duration) async -> JobEnd? {
        var watched = WatchedTime(from: time.uptime(), interval: limits.watchInterval)
        while true {
            do { try await time.sleep(for: limits.watchInterval) } catch { return nil }
            watched.look(at: time.uptime())
            if running.withLock({ $0[job.latestRun]?.isUnwanted ?? false }) { return .cancelled }
            if watched.total >= limit {
                return .failed("it took longer than \(limit.components.seconds) s", isFinal: false)
            }
        }
    }

    /// Writes the end of a run, however often that takes, as long as the term lasts. Written twice it is written once.
    private func record(_ settlement: JobSettlement, of job: Job, _ runner: JobRunnerIdentity) async {
        var wait = limits.recordWait
        while !Task.isCancelled {
            do throws(StoreError) {
                if try await !store.settle(job.latestRun, settlement, by: runner) {
                    logger.debug("the end of a run was written before", metadata: Self.metadata(job))
                }
                return
            } catch {
                if error == .fenced || Task.isCancelled { return }
                logger.warning(
                    "the end of a job cannot be written; it is tried again",
                    metadata: Self.metadata(job).merging(["error": "\(error)"]) { $1 })
            }
            do { try await time.sleep(for: wait) } catch { return }
            wait = min(wait * 2, limits.recordWaitMax)
        }
    }

    static func metadata(_ job: Job) -> Logger.Metadata {
        ["job": "\(job.id)", "kind": "\(job.kind)", "key": "\(job.key)", "run": "\(job.run)"]
    }
}
