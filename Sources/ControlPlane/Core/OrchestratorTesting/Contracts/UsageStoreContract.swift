public import ProjectModel
public import UsageModel

/// What every ``UsageStore`` promises. Tests run it on ``InMemoryUsageStore`` and on PostgreSQL.
public enum UsageStoreContract {
    /// Checks every promise on an empty store; throws the first that is broken.
    ///
    /// - Parameter refs: two projects that the store's database knows.
    public static func run(on store: any UsageStore, refs: [ProjectRef]) async throws {
        guard refs.count == 2 else { throw ContractViolation("the contract needs two projects") }
        // 2027-01-15T08:00:00Z
        let start = Timestamp(milliseconds: 1_800_000_000_000)
        func minute(_ number: Int64, _ ref: ProjectRef, memory: Int64?, cpu: Int64?) -> UsageSample {
            UsageSample(
                ref: ref, at: start + .seconds(60 * number), coveredMilliseconds: cpu == nil ? 0 : 60_000,
                cpuMilliseconds: cpu, memoryBytes: memory, databaseBytes: number == 1 ? 500 : nil)
        }
        try await store.add([
            minute(0, refs[0], memory: 100, cpu: nil), minute(1, refs[0], memory: 300, cpu: 6_000),
            minute(60, refs[0], memory: nil, cpu: 12_000), minute(0, refs[1], memory: 7, cpu: 1),
        ])
        try await store.add([minute(0, refs[0], memory: 999, cpu: 999)])
        let minutes = try await store.samples(of: refs[0], by: .minute, since: start)
        try promise("samples are there once, in order", minutes.map(\.memoryBytes) == [100, 300, nil])
        try promise("what is unknown stays unknown", minutes[0].cpuMilliseconds == nil && minutes[0].processors == nil)
        try promise(
            "a list begins where it is asked to",
            try await store.samples(of: refs[0], by: .minute, since: start + .seconds(61)).count == 1)
        try promise(
            "nothing is rolled up unasked", try await store.samples(of: refs[0], by: .hour, since: start).isEmpty)
        try await checkRollUp(store, of: refs[0], since: start)
        try await checkGrowth(store, of: refs[0], since: start)
        try await checkRemoval(store, of: refs[0], since: start)
    }

    private static func checkRollUp(_ store: any UsageStore, of ref: ProjectRef, since start: Timestamp) async throws {
        for _ in 1...2 {
            try await store.rollUp()
            let hours = try await store.samples(of: ref, by: .hour, since: start)
            try promise(
                "an hour has the average and the most of its minutes",
                hours.map(\.memoryBytes) == [200, nil] && hours.first?.memoryBytesMax == 300)
            try promise(
                "processor time adds up, over the time that it is known of",
                hours.first?.cpuMilliseconds == 6_000 && hours.first?.coveredMilliseconds == 60_000)
            try promise("sizes and readings are kept", hours.first?.databaseBytes == 500 && hours.first?.readings == 2)
            let days = try await store.samples(of: ref, by: .day, since: start + .seconds(-86_400))
            try promise("a day is made of hours", days.count == 1 && days.first?.cpuMilliseconds == 18_000)
        }
    }

    private static func checkGrowth(_ store: any UsageStore, of ref: ProjectRef, since start: Timestamp) async throws {
        try await store.add([
            UsageSample(ref: ref, at: start + .seconds(61 * 60), coveredMilliseconds: 60_000, cpuMilliseconds: 3_000)
        ])
        try await store.rollUp()
        let hours = try await store.samples(of: ref, by: .hour, since: start)
        try promise("the last hour grows", hours.last?.cpuMilliseconds == 15_000 && hours.last?.readings == 2)
    }

    private static func checkRemoval(_ store: any UsageStore, of ref: ProjectRef, since start: Timestamp) async throws {
        let later = start + .seconds(3 * 86_400)
        try promise("a removal has a limit", try await store.removeOld(at: later, limit: 2) == 2)
        try promise("old minutes are removed", try await store.removeOld(at: later, limit: 100) == 3)
        try promise("no more than that", try await store.removeOld(at: later, limit: 100) == 0)
        try promise(
            "hours and days are kept longer", try await store.samples(of: ref, by: .hour, since: start).count == 2)
        try promise(
            "everything has an end",
            try await store.removeOld(at: start + .seconds(731 * 86_400), limit: 100) == 5)
    }
}
