import ProjectModel
import Reconciler

/// The queue of projects that need a pass, shared between those who wake and the one loop that takes.
actor ProjectQueue {
    private var signal: AsyncStream<Void>.Continuation?
    private var queue: WorkQueue<ProjectRef>
    private var alarms: [ProjectRef: Timestamp] = [:]

    init(activeMax: Int) { queue = WorkQueue(activeMax: activeMax) }

    /// Forgets everything and begins anew. The stream tells when something can be taken; one waiting signal is enough:
    /// the taker takes until nothing is left.
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

    /// Sets the project's alarm; false when it is set to an earlier time already, so that nobody needs to wait twice.
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
