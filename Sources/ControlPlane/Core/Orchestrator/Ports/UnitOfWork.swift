import Synchronization

/// Makes everything that the stores change during a closure one transaction.
public protocol UnitOfWork: Sendable {
    /// Runs `body`; when it throws, nothing that it changed in the stores remains. Effects announced with
    /// ``AfterCommit`` happen once it is certain that the changes stay.
    func perform<Value: Sendable>(_ body: @Sendable @escaping () async throws -> Value) async throws -> Value
}

/// Effects that must not happen before the changes they belong to are stored: waking the loop, above all, which
/// would read the old state otherwise.
public enum AfterCommit {
    /// Effects of the present unit of work; nil outside of one.
    @TaskLocal static var pending: Pending?

    /// Whether the current task runs in a unit of work, which holds a connection of the database for as long as it
    /// lasts.
    public static var isInUnit: Bool { pending != nil }

    /// Effects in the order in which they were announced.
    final class Pending: Sendable {
        private let effects = Mutex<[@Sendable () async -> Void]>([])

        func append(_ effect: @escaping @Sendable () async -> Void) { effects.withLock { $0.append(effect) } }

        func run() async { for effect in taken() { await effect() } }

        /// Gives its effects to another.
        func move(to other: Pending) { for effect in taken() { other.append(effect) } }

        private func taken() -> [@Sendable () async -> Void] {
            effects.withLock { effects in
                defer { effects = [] }
                return effects
            }
        }
    }

    /// Runs an effect: at the end of the present unit of work, or at once when there is none.
    public static func run(_ effect: @escaping @Sendable () async -> Void) async {
        guard let pending else { return await effect() }
        pending.append(effect)
    }

    /// Collects the effects of `body` and runs them when it has returned; for units of work only.
    public static func collecting<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        guard pending == nil else { return try await body() }
        let collected = Pending()
        let value = try await $pending.withValue(collected, operation: body)
        await collected.run()
        return value
    }

    /// Collects the effects of a step of a unit of work: they are the unit's once `body` has returned, and forgotten
    /// where it throws, since its changes are taken back. Outside of a unit they happen at once.
    public static func nesting<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        guard let unit = pending else { return try await body() }
        let step = Pending()
        let value = try await $pending.withValue(step, operation: body)
        step.move(to: unit)
        return value
    }
}
