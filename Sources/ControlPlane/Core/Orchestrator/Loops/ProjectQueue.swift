import ProjectModel
import Reconciler

/// The queue of projects that need a pass, shared between those who wake and the one loop that takes.
actor ProjectQueue {
    private var signal: AsyncStream<Void>.Continuation?
    private var queue: WorkQueue<ProjectRef>
    private var alarms: [ProjectRef: Timestamp] = [:]

    init(activeMax: Int) { queue = WorkQueue(activeMax: activeMax) }

    /// Empties the queue and restarts it. The stream signals that projects are waiting; one pending signal is enough:
    /// the consumer takes until the queue is empty.
    func begin() -> AsyncStream<Void> {
        queue = WorkQueue(activeMax: queue.activeMax)
        alarms = [:]
        let (signals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.signal = signal
        return signals
    }

    func add(_ ref: ProjectRef) {
        queue.add(ref)
        signal?.yield()
    }

    func take() -> ProjectRef? { queue.take() }

    func finish(_ ref: ProjectRef) {
        queue.finish(ref)
        signal?.yield()
    }

    /// Sets the project's alarm; false when it is set to an earlier time already.
    func setAlarm(of ref: ProjectRef, at time: Timestamp) -> Bool {
        if let present = alarms[ref], present <= time { return false }
        alarms[ref] = time
        return true
    }

    /// The alarm of `time` has gone off: adds the project, unless another alarm has replaced this one.
    func ring(_ ref: ProjectRef, at time: Timestamp) {
        guard alarms[ref] == time else { return }
        alarms[ref] = nil
        add(ref)
    }
}
