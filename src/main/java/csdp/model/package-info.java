/**
 * The network: populations, synapses, constants, parameters and random streams. Start at {@link
 * csdp.model.NetworkSpec}, the one table of populations and synapses. May use {@code error} only.
 *
 * <h2>Equations</h2>
 *
 * The dynamics of one time step t = 1..T. Backends cite these numbers. Arithmetic is float32. N
 * samples are in a batch: in training B positives, then their B negatives, N = 2B and N+ = B; at
 * inference N = N+ = B. Layer l has n_l units: 0 is the input, 1..L are hidden, y are the classes,
 * R is the reconstruction (n_0 units). At t = 0 all v, z and s are zero, and each sample's thr is
 * the initial threshold of the unit.
 *
 * <ol>
 *   <li>Currents from spikes of step t-1:<br>
 *       {@code j_l = Rm (s_(l-1) W_l + s_(l+1) V_(l+1)) + Rc s_y V_(l+1)y - Ri s_l M_l}<br>
 *       {@code j_y = sum_l s_l C_(l+1)}, without a resistance; V is absent at l = L.
 *   <li>Input: {@code s_0 ~ Bernoulli(x)}, drawn at each step, or a recording's spikes; {@code s_y
 *       = y}, one-hot, zero at inference, for the context synapses.
 *   <li>Neuron, layers 1..L and y: {@code v' = v + (j - v) (1/tau_m) dt}; {@code s = [v' > thr]};
 *       {@code v = v' (1 - s)}; {@code thr = max(thr + rho_b (sum_i s_i - 1), 0.025)}, one sum per
 *       sample and layer; {@code z = z (1 - dt/tau_tr) (1 - s) + s}.
 *   <li>Reconstruction: {@code j_R = s_1 R_1} from spikes of step t, then as 3 with a constant
 *       threshold.
 *   <li>Goodness of a hidden layer: {@code G = sum_i z_i^2}; {@code p = sigmoid(G - theta)};
 *       modulator {@code d = 2 z (p - pos) / N}; pos is 1 for positives, 0 for negatives.
 *   <li>Errors of positives, zero for negatives: {@code e_y = 2 (y - z_y) / N+} with the label y;
 *       {@code e_R = 2 (s_0 - s_R) / N+}.
 *   <li>Plasticity of a synapse S with presynaptic spikes a, at each step of training.<br>
 *       CSDP (W, V, M and context), a of step t-1: {@code U = a^T (R_S d)} with {@code R_S = Ri}
 *       for M, Rc for the context, else Rm; {@code S = Adam(S, U) - decay (1 - a)^T s_l}, summed
 *       over samples; clipped to [-1, 1], M to [0, 1]; the diagonal of M is zeroed.<br>
 *       Error (C of step t-1, R_1 of step t): {@code U = -(a^T (Rm e)) (1 - |S|)}; {@code S =
 *       Adam(S, U)}, clipped to [-1, 1].<br>
 *       Adam: {@code m = .9 m + .1 U}; {@code q = .999 q + .001 U^2}; {@code S -= eta (m/(1-.9^k))
 *       / (sqrt(q/(1-.999^k)) + 1e-8)}; k counts the steps of all training windows, one number for
 *       all synapses. If heads learn in windows of their own ({@link
 *       csdp.model.Learning.Synapses}), these count too.
 *   <li>Read-out: class = argmax of y's spike counts, ties to the lowest; probabilities = their
 *       softmax; reconstruction = {@code sum_t z_R / T}; rate code of a layer = {@code sum_t s_l /
 *       T}.
 * </ol>
 *
 * <h2>Negative samples</h2>
 *
 * Supervised: the same input with a wrong label. Unsupervised, images: {@code x- = mix x + (1 -
 * mix) x'} with another image x'. Unsupervised, recordings: {@code s_0-(t,i) = u(t,i) < mix ?
 * s_0(t,i) : s_0'(t,i)} with another recording s_0', u uniform in [0, 1) by {@link
 * csdp.model.Philox}, purpose {@code EVENT_MIX}. The image x of a recording, in errors of the
 * reconstruction and in plots, is {@code sum_t s_0 / T}.
 *
 * <h2>Shapes and units</h2>
 *
 * <table>
 *   <caption>Row-major arrays; dimensionless if no unit is given</caption>
 *   <tr><th>symbol</th><th>shape</th><th>unit, default</th></tr>
 *   <tr><td>x</td><td>N x n_0</td><td>probability of a spike per step</td></tr>
 *   <tr><td>s_l, z_l, v_l, j_l, thr_l, d_l</td><td>N x n_l</td><td>s in {0, 1}; z in [0, 1]</td></tr>
 *   <tr><td>G, p, pos</td><td>N per hidden layer</td><td></td></tr>
 *   <tr><td>e_y, e_R</td><td>N x n_y, N x n_0</td><td></td></tr>
 *   <tr><td>W_l</td><td>n_(l-1) x n_l</td><td></td></tr>
 *   <tr><td>V_(l+1)</td><td>n_(l+1) x n_l</td><td>top-down into layer l</td></tr>
 *   <tr><td>V_(l+1)y</td><td>n_y x n_l</td><td>context into layer l</td></tr>
 *   <tr><td>M_l</td><td>n_l x n_l</td><td>lateral, hollow</td></tr>
 *   <tr><td>C_(l+1)</td><td>n_l x n_y</td><td>head of layer l</td></tr>
 *   <tr><td>R_1</td><td>n_1 x n_0</td><td>reconstruction</td></tr>
 *   <tr><td>T, dt, tau_m, tau_tr</td><td></td><td>50 steps, 3 ms, 100 ms, 13 ms</td></tr>
 *   <tr><td>Rm, Rc, Ri, rho_b, theta</td><td></td><td>0.1, 0.1, 0.01, 0.001, 10</td></tr>
 * </table>
 *
 * <p>Source: A. Ororbia, "Contrastive signal-dependent plasticity", Science Advances 10, eadn6076
 * (2024), in the form of its released code (ngc-learn 1.2b3).
 */
package csdp.model;
