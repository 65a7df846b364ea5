// libFuzzer's entry for .thimble files. The input is a list of changes to the parts of a small sound file: its
// configuration, tokenizer, tensors and chunks. All places and checksums are made right again, so that nothing but what
// the parts say can be wrong; then the model is opened and run in every way. What `verify` calls sound must run.
import Glibc
import Thimble
import ThimbleArchitecture
import ThimbleContents
import ThimbleFormat
import ThimbleJSON
import ThimbleModel
import ThimbleSystem
import ThimbleText

private let path = "/dev/shm/thimble-fuzz-\(getpid()).thimble"
private let pool = try? ComputePool(threadCount: 1)

/// A file that an older converter wrote, and one with every kind of tensor.
private let sound: [FileParts] = {
  do {
    let old = FileParts(try ThimbleFile(path: "Tests/ThimbleModelTests/Fixtures/v1-tiny.thimble"))
    let languages = ["en", "zh", "th"]
    let tokenizer = try TokenizerTables.build(
      from: VocabularyFiles("Tests/ThimbleTextTests/Fixtures"), lowercases: false,
      languages: languages)
    let count = try TokenizerTables(view: ByteView(tokenizer)).tokenCount
    return [
      try FileParts(tokenizer: tokenizer, vocabularySize: count + 3, languages: languages), old,
    ]
  } catch { fatalError("run this from the top of the repository: \(error)") }
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzThimble(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  var input = Input(Array(UnsafeBufferPointer(start: start, count: count)))
  var parts = sound[input.next() % sound.count]
  while !input.isEmpty { change(&parts, &input) }
  guard parts.tensors.count < 300, let bytes = try? parts.bytes(), write(bytes) else { return 0 }
  let isSound = verify()
  do {
    try run()
  } catch let error as ModelError {
    switch error {
    case .budget, .inflated, .notFinite, .head, .tooManyTokens, .id: break
    case .missingTensors, .shape, .configuration, .disagreements, .weights, .format, .changed,
      .system:
      precondition(!isSound, "called sound, but: \(error)")
    }
  } catch { precondition(!isSound || error is ThimbleError, "called sound, but: \(error)") }
  return 0
}

/// What the fuzzer gave, byte by byte; zeros behind its end.
private struct Input {
  private var bytes: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

  var isEmpty: Bool { bytes.isEmpty }
  mutating func next() -> Int { Int(bytes.popFirst() ?? 0) }
  mutating func word() -> Int { next() | next() << 8 }

  /// A number near the limits that sizes and ids have.
  mutating func number() -> Int {
    let limits = [
      0, 1, 2, 3, 31, 32, 63, 64, 96, 100, 128, 255, 256, 686, 1 << 15, 1 << 16, 1 << 20, 1 << 26,
      1 << 31, 1 << 32, .max,
    ]
    return limits[next() % limits.count] &+ next() % 5 &- 2
  }
}

private let fields = [
  "emb_dim", "n_layers", "n_heads", "vocab_size", "max_position_embeddings", "n_langs",
  "use_lang_emb", "layer_norm_eps", "causal", "gelu_activation", "tie_word_embeddings", "lang2id",
  "id2label", "num_labels", "problem_type", "summary_type", "summary_use_proj",
  "summary_proj_to_labels", "summary_activation", "bos_index", "eos_index", "pad_index",
  "unk_index", "mask_index", "start_n_top", "n_words", "id2lang", "pruned_heads", "asm",
]

private func change(_ parts: inout FileParts, _ input: inout Input) {
  switch input.next() % 12 {
  case 0, 1: parts.set(fields[input.next() % fields.count], to: value(&input))
  case 2:
    guard !parts.configuration.isEmpty else { return }
    parts.configuration[input.word() % parts.configuration.count] = UInt8(input.next())
  case 3: patch(&parts.tokenizer, at: input.next() % 160, &input)
  case 4: patch(&parts.tokenizer, at: input.word() * 97, &input)
  case 5:
    parts.tokenizer = input.next() % 4 == 0 ? [] : Array(parts.tokenizer.dropLast(input.word()))
  default: changeTensor(&parts, &input)
  }
}

private func patch(_ bytes: inout [UInt8], at place: Int, _ input: inout Input) {
  guard !bytes.isEmpty else { return }
  bytes[place % bytes.count] = UInt8(truncatingIfNeeded: input.next())
}

private func value(_ input: inout Input) -> JSONValue {
  switch input.next() % 10 {
  case 0: .bool(input.next() % 2 == 0)
  case 1: .null
  case 2: .number(Double(input.number()) / 7)
  case 3:
    .string(["tanh", "relu", "gelu", "mean", "last", "attn", "cls_index", ""][input.next() % 8])
  case 4: .object(JSONObject(uniqueEntries: [("en", JSONValue(input.number()))]))
  case 5: .object(JSONObject(uniqueEntries: (0..<input.next() % 5).map { ("\($0)", .string("l")) }))
  default: JSONValue(input.number())
  }
}

private func changeTensor(_ parts: inout FileParts, _ input: inout Input) {
  guard !parts.tensors.isEmpty else { return }
  let place = input.next() % parts.tensors.count
  let other = input.next() % parts.tensors.count
  let number = UInt32(truncatingIfNeeded: input.number())
  switch input.next() % 14 {
  case 0: parts.tensors.remove(at: place)
  case 1: parts.tensors.append(parts.tensors[place])
  case 2: parts.tensors[place].name = parts.tensors[other].name + (number % 2 == 0 ? [] : [0x31])
  case 3: parts.tensors.swapAt(place, other)
  case 4: parts.tensors[place].columnFactors = number % 2 == 0 ? UInt32(other + 1) : number
  case 5: parts.tensors[place].rows = number
  case 6: parts.tensors[place].columns = number
  case 7: parts.tensors[place].panelsPerChunk = number
  case 8:
    parts.tensors[place].step =
      Float(sign: .plus, exponent: Int(number % 300) - 150, significand: 1).bitPattern
  case 9:
    parts.tensors[place].kind = UInt8(number % 3)
    parts.tensors[place].rank = UInt8(number / 3 % 4)
  case 10, 11:
    let (rows, columns) = (Int(number % 700), input.number() % 1024)
    guard rows > 0, columns > 0 else { return }
    let shape = input.next() % 3 == 0 ? [columns] : [rows, columns]
    parts.reshape(String(decoding: parts.tensors[place].name, as: UTF8.self), to: shape)
  default: changeChunk(&parts.tensors[place].chunks, &input)
  }
}

private func changeChunk(_ chunks: inout [FileParts.Chunk], _ input: inout Input) {
  guard !chunks.isEmpty else { return }
  let place = input.next() % chunks.count
  switch input.next() % 6 {
  case 0: patch(&chunks[place].codes, at: input.word() * 3, &input)
  case 1: patch(&chunks[place].scales, at: input.next(), &input)
  case 2: chunks[place].codesEncoding = UInt8(input.next() % 4)
  case 3: chunks[place].scalesEncoding = UInt8(input.next() % 4)
  case 4: chunks[place].codes.removeLast(min(input.next(), chunks[place].codes.count))
  default: chunks.remove(at: place)
  }
}

private func write(_ bytes: [UInt8]) -> Bool {
  guard let file = fopen(path, "wb") else { return false }
  defer { fclose(file) }
  return fwrite(bytes, 1, bytes.count, file) == bytes.count
}

/// Whether `thimble verify` finds nothing wrong.
private func verify() -> Bool {
  guard let file = try? ThimbleFile(path: path), let pool,
    let problems = try? file.verify(pool: pool, kernels: .best), problems.isEmpty,
    let configuration = try? FileWeights.configuration(of: file)
  else { return false }
  var tables: TokenizerTables?
  if !file.tokenizer.isEmpty {
    guard let opened = try? TokenizerTables(view: file.tokenizer), (try? opened.validate()) != nil
    else { return false }
    tables = opened
  }
  return ModelSections(file, configuration, tables).disagreements.isEmpty
}

private func run() throws {
  let options = RunOptions(memory: .bytes(96 << 20), threads: 1, maximumTokens: 64)
  let model = try LanguageModel(path: path, options: options)
  let text = "Hello <mask>, the world's tests 5 é 我是 สวัสดี"
  var filling = FillMaskOptions()
  filling.targets = ["the", "dogs", "é"]
  filling.truncates = true
  for language in [nil, "en", "zh"] {
    filling.language = language
    ignoringTexts { _ = try model.fillMask(text, filling) }
  }
  try model.fillMaskOfIDs()
  let source = try ModelSource.file(path, options: options)
  var textOptions = TextOptions()
  textOptions.truncates = true
  var tagging = TagOptions()
  tagging.text = textOptions
  ignoringTexts { _ = try Tagger(source).tag(text, tagging) }
  var answering = AnswerOptions()
  (answering.text, answering.top) = (textOptions, 3)
  ignoringTexts { _ = try QuestionAnswerer(source).answer("a", about: text, answering) }
  for convention in Convention.allCases {
    textOptions.convention = convention
    let embedder = try SentenceEmbedder(source)
    ignoringTexts {
      let inputs = [
        try embedder.texts.input(text, textOptions),
        try embedder.texts.input("a", pairedWith: text, textOptions),
      ]
      _ = try embedder.embed(inputs)
      _ = try TextClassifier(source).classify(inputs)
    }
  }
}

/// Errors about a text or its language are as good as answers.
private func ignoringTexts(_ body: () throws -> Void) {
  do { try body() } catch {}
}

extension LanguageModel {
  /// Fills a mask between ids of both ends of the vocabulary, and looks at the scores of those.
  fileprivate func fillMaskOfIDs() throws {
    let last = configuration.vocabularySize - 1
    let ids = [1, configuration.specialIDs.mask, last, 0, -1, last + 1]
    for ids in [Array(ids.prefix(4)), ids] { ignoringTexts { _ = try fillMask(ids: ids) } }
    let sequence = SequenceInput(ids: [0, last, 0])
    _ = try session.read(
      MaskedLanguageModel.self, [(sequence, .init(positions: [0, 1], count: 2, among: [0, last]))])
    ignoringTexts { _ = try score(ScoreQuery("a text", with: texts)) }
    if let tables {
      for id in [0, last, last + 1, tables.tokenCount - 1] { _ = tables.token(id) }
      _ = tables.decode([0, last, 7], skipSpecial: true)
    }
  }
}
