import Dispatch
import Synchronization

/// Runs calls of the file system, which block, outside the cooperative pool, which must not.
public final class FileWorkers: Sendable {
    private let lanes: [DispatchQueue]
    private let next = Atomic<Int>(0)

    /// Workers without work.
    ///
    /// - Parameter lanesMax: calls that run at the same time, each on a thread that exists while it has work.
    public init(lanesMax: Int = 4) {
        lanes = (0..<max(1, lanesMax)).map { DispatchQueue(label: "files.\($0)") }
    }

    /// Runs `work` when its turn has come. It is not interrupted by cancellation.
    public func run<Value: Sendable, Failure: Error>(
        _ work: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let turn = next.wrappingAdd(1, ordering: .relaxed).newValue
        let lane = lanes[Int(turn.magnitude % UInt(lanes.count))]
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<Value, Failure>, Never>) in
            lane.async { continuation.resume(returning: Result { () throws(Failure) in try work() }) }
        }
        return try result.get()
    }
}
