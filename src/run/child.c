/* SPDX-License-Identifier: Apache-2.0 */
typedef int sl_child_placeholder;
