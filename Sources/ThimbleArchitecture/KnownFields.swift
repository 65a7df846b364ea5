public import ThimbleJSON

extension ModelConfiguration {
  /// The fields of a configuration that neither `init(json:)` heeds nor are known to change nothing, in its order.
  ///
  /// - Parameter isOriginal: whether they are the parameters of an original checkpoint, most of which are about training.
  public static func unknownFields(_ json: JSONValue, isOriginal: Bool) -> [String] {
    (json.object ?? JSONObject()).compactMap { name, value in
      let isKnown =
        heeded.contains(name) || harmless.contains(name)
        || isOriginal
          && (ofTraining.contains(name)
            || ofTrainingBeginnings.contains { name.hasPrefix($0) })
      return isKnown || value.isNull ? nil : name
    }
  }

  static func names(_ text: String) -> Set<String> {
    Set(text.split(whereSeparator: \.isWhitespace).map(String.init))
  }

  /// What `init(json:)` reads, or refuses where it asks for more than an encoder of this kind.
  private static let heeded = names(
    """
    model_type emb_dim n_layers n_heads vocab_size n_words max_position_embeddings n_langs use_lang_emb layer_norm_eps
    causal gelu_activation tie_word_embeddings bos_index eos_index pad_index unk_index mask_index lang2id id2lang id2label
    num_labels problem_type summary_type summary_use_proj summary_proj_to_labels summary_activation start_n_top end_n_top
    asm use_memory is_encoder pruned_heads pre_norm is_decoder is_encoder_decoder add_cross_attention quantization_config
    share_inout_emb architectures
    """)

  /// Training, generation, and what Hugging Face writes into every configuration.
  private static let harmless = names(
    """
    dropout attention_dropout layerdrop init_std embed_init_std sinusoidal_embeddings summary_first_dropout
    summary_last_dropout classifier_dropout hidden_dropout_prob attention_probs_dropout_prob
    bos_token_id eos_token_id pad_token_id sep_token_id cls_token_id unk_token_id mask_token_id decoder_start_token_id
    lang_id label2id finetuning_task task_specific_params tokenizer_class prefix transformers_version _name_or_path
    name_or_path torch_dtype dtype use_cache use_bfloat16 torchscript tf_legacy_loss output_attentions
    output_hidden_states return_dict return_dict_in_generate output_scores chunk_size_feed_forward
    cross_attention_hidden_size tie_encoder_decoder max_length min_length do_sample early_stopping num_beams
    num_beam_groups diversity_penalty temperature top_k top_p typical_p repetition_penalty length_penalty
    no_repeat_ngram_size encoder_no_repeat_ngram_size bad_words_ids num_return_sequences forced_bos_token_id
    forced_eos_token_id remove_invalid_values exponential_decay_length_penalty suppress_tokens begin_suppress_tokens
    attn_implementation _attn_implementation _attn_implementation_autoset gradient_checkpointing max_vocab min_count
    encoder_only asm_cutoffs asm_div_value
    """)

  /// The command line of the original program, as far as it says how a model is trained, not what it computes.
  private static let ofTraining = names(
    """
    dump_path exp_name exp_id save_periodic fp16 amp context_size word_pred sample_alpha word_mask word_keep word_rand
    word_mask_keep_rand word_shuffle word_dropout word_blank data_path data_name lgs langs max_vocab min_count
    lg_sampling_factor bptt max_len min_len group_by_size batch_size max_batch_size tokens_per_batch split_data optimizer
    clip_grad_norm epoch_size max_epoch n_epochs stopping_criterion validation_metrics accumulate_gradients reload_emb
    reload_model reload_checkpoint beam_size eval_bleu eval_only debug debug_train debug_slurm local_rank master_port
    master_addr bt_src_langs mono_dataset para_dataset is_slurm_job n_nodes node_id global_rank world_size
    n_gpu_per_node is_master multi_node multi_gpu command hyp_path mask_scores pred_probs mono_probs para_probs
    transfer_tasks finetune_layers weighted_training optimizer_e optimizer_p n_dec_layers n_enc_layers seed use_apex
    train_steps eval_steps cuda gpu device bptt_eval log_interval save_optimizer dico_path tokens n_words_max
    steps_per_epoch env_seed reload_path
    """)
  private static let ofTrainingBeginnings = [
    "lambda_", "mem_", "clm_", "mlm_", "mt_", "ae_", "bt_", "pc_", "tlm_", "eval_", "train_",
    "valid_",
  ]
}

extension ModelConfiguration {
  /// Refuses what asks for another computation than that of an encoder of `family`.
  static func refuseOtherComputations(
    _ reader: ConfigurationReader, _ family: Family
  ) throws(ArchitectureError) {
    if family == .xlm, try reader.flag("pre_norm", default: false) {
      throw .unsupported(
        field: "pre_norm", found: "true",
        reason:
          "XLM normalises the outputs of its layers; only models of the type \"flaubert\" may normalise their inputs."
      )
    }
    for (field, reason) in otherComputations where try reader.flag(field, default: false) {
      throw .unsupported(field: field, found: "true", reason: reason)
    }
    if try !reader.flag("is_encoder", default: true) {
      throw .unsupported(
        field: "is_encoder", found: "false", reason: "only encoders are supported.")
    }
    if let (field, value) = reader.value(["pruned_heads"]), value.object?.isEmpty != true {
      throw .unsupported(
        field: field, found: value.brief,
        reason: "pruned attention heads are not supported. Use the checkpoint before pruning.")
    }
    if let (field, value) = reader.value(["quantization_config"]) {
      throw .unsupported(
        field: field, found: value.brief,
        reason: "the weights are quantised already. Use the checkpoint before quantisation.")
    }
  }

  private static let otherComputations = [
    ("asm", "an adaptive softmax output is not supported."),
    ("use_memory", "product-key memory layers are not supported."),
    ("is_decoder", "only encoders are supported."),
    ("is_encoder_decoder", "only encoders are supported."),
    ("add_cross_attention", "only encoders are supported."),
  ]
}
